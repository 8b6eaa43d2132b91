"""MLflow: a run in the SQLite file `mlflow.db` of the folder that the runs lie in, to look at with `mlflow ui`.

The file is written in place: no server is asked, MLFLOW_TRACKING_URI is not heeded, and MLflow's reports of its own use
are off.
"""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

from mlflow.entities import Metric, Param
from mlflow.entities import Run as Entry
from mlflow.tracking import MlflowClient

from testbed.results import Run
from testbed.trackers.tracker import Row, hyperparameters, metrics, store_of

FILE = "mlflow.db"
IDENTITY = "testbed.id"
"""Tag by which a run is found again: a hash of its folder's name and of its scenario."""

PARAMS = 100
"""As many as MLflow takes at once."""

STATUS = {"finished": "FINISHED", "stopped": "KILLED"}
"""What MLflow calls the status of a run."""


class MLflow:
    """Goes on with the run of this folder and scenario, if the store has it."""

    def __init__(self, folder: Path) -> None:
        keys, store = hyperparameters(folder), store_of(folder)
        uri = f"sqlite:///{store / FILE}"
        self._client = MlflowClient(uri, registry_uri=uri)
        entry = self._entry(folder, store)
        self._id = entry.info.run_id
        missing = [Param(name, str(value)) for name, value in keys.items() if name not in entry.data.params]
        for first in range(0, len(missing), PARAMS):
            self._client.log_batch(self._id, params=missing[first : first + PARAMS])
        self._status = entry.info.status
        if self._status == "KILLED":
            self._client.update_run(self._id, "RUNNING")
            self._status = "RUNNING"
        self._logged = {point.step for point in self._client.get_metric_history(self._id, "closed_ns")}

    def _entry(self, folder: Path, store: Path) -> Entry:
        experiment = self._client.get_experiment_by_name(store.name)
        home = experiment.experiment_id if experiment else self._create(store)
        scenario = Run(folder).manifest.get("scenario_sha256")
        identity = sha256(f"{scenario} {folder.resolve().name}".encode()).hexdigest()
        found = self._client.search_runs([home], f"tags.`{IDENTITY}` = '{identity}'", max_results=1)
        return found[0] if found else self._client.create_run(home, tags={IDENTITY: identity}, run_name=folder.name)

    def _create(self, store: Path) -> str:
        return str(self._client.create_experiment(store.name, artifact_location=(store / "mlflow").as_uri()))

    def log(self, rows: Iterable[Row]) -> None:
        """A row is written whole or not at all."""
        for row in rows:
            step, ms = int(row["round"]), int(row["closed_ns"]) // 10**6
            if step not in self._logged:
                points = [Metric(name, value, ms, step) for name, value in metrics(row).items()]
                self._client.log_batch(self._id, metrics=points)
                self._logged.add(step)

    def close(self, status: str) -> None:
        if STATUS.get(status, self._status) != self._status:
            self._client.set_terminated(self._id, STATUS[status])
