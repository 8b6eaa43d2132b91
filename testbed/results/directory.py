"""The run directory, written and read.

    RUN/scenario.toml  manifest.json  rounds  devices  wall  events  trace/  checkpoint/  log.jsonl

`rounds` has one row a round, `devices` one a round and device, both the same bytes whenever the same
scenario is run; `wall` holds the host's seconds, apart for that reason. `events` is there in the event-driven modes.
"""

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.tables import TableWriter, read_table, write_whole

ROUNDS = pa.schema(
    [
        ("round", pa.int32()),
        ("opened_ns", pa.int64()),
        ("closed_ns", pa.int64()),
        ("density", pa.float64()),
        ("links", pa.int64()),
        ("delivered", pa.int64()),
        ("lost", pa.int64()),
        ("bytes", pa.int64()),
        ("frames", pa.int64()),
        ("airtime_ns", pa.int64()),
        ("energy_j", pa.float64()),
        ("loss", pa.float64()),
        ("accuracy_mean", pa.float64()),
        ("accuracy_std", pa.float64()),
        ("consensus_distance", pa.float64()),
        ("spectral_gap", pa.float64()),
        ("mean_size", pa.float64()),
        ("small_share", pa.float64()),
    ]
)
DEVICES = [
    ("round", pa.int32()),
    ("device", pa.int32()),
    ("loss", pa.float64()),
    ("accuracy", pa.float64()),
    ("neighbours", pa.int32()),
    ("received", pa.int32()),
    ("compute_ns", pa.int64()),
    ("airtime_ns", pa.int64()),
    ("frames", pa.int64()),
    ("retries", pa.int64()),
    ("radio_j", pa.float64()),
    ("compute_j", pa.float64()),
    ("battery_j", pa.float64()),
    ("away_ns", pa.int64()),
    ("x_m", pa.float64()),
    ("y_m", pa.float64()),
]
EVENTS = pa.schema(
    [
        ("round", pa.int32()),
        ("time_ns", pa.int64()),
        ("device", pa.int32()),
        ("event", pa.string()),
        ("peer", pa.int32()),
        ("message", pa.int64()),
    ]
)
PARTS = ("network", "training", "mixing", "evaluation", "writing")
SIMULATION = "simulation"
"""What the network took for a round, whether the session waited for it (then it is in `network` as well) or trained."""

WALL = pa.schema(
    [("round", pa.int32()), ("events", pa.int64()), *((f"{part}_s", pa.float64()) for part in (*PARTS, SIMULATION))]
)


class RunWriter:
    """Writes the tables, the manifest and the log of a run; `keep` goes on from that round."""

    def __init__(
        self,
        folder: Path,
        manifest: Mapping[str, Any],
        columns: Iterable[str],
        keep: int = 0,
        began: float | None = None,
        events: bool = False,
    ) -> None:
        """`columns`: what the algorithm reports per device, beside the columns that every run has.

        `began`: when the run was asked for, by `time.monotonic`; its wall time counts from there. `events`: whether
        there is a table of events.
        """
        self._began = time.monotonic() if began is None else began
        self._folder, self._manifest, self._finished = folder, dict(manifest), False
        devices = pa.schema([*DEVICES, *((name, pa.float64()) for name in columns)])
        schemas = {"rounds": ROUNDS, "devices": devices, "wall": WALL, **({"events": EVENTS} if events else {})}
        self._tables = {name: TableWriter(folder, name, schema, keep) for name, schema in schemas.items()}
        self._conclude("running", "resumed" if keep else "started", round=keep)

    def append(self, table: str, columns: Mapping[str, Any]) -> None:
        """One round's rows of `rounds`, `devices` or `wall`."""
        self._tables[table].append(columns)

    def sync(self) -> None:
        """Have it on disk."""
        for table in self._tables.values():
            table.sync()

    def finish(self) -> None:
        """All rounds are in."""
        for table in self._tables.values():
            table.finish()
        self._conclude("finished", "finished")
        self._finished = True
        for table in self._tables.values():
            table.discard()

    def stop(self, reason: str) -> None:
        """Before the end; the run can be resumed. A finished one stays finished."""
        if self._finished:
            return
        for table in self._tables.values():
            table.close()
        self._conclude("stopped", "stopped", reason=reason)

    def _conclude(self, status: str, event: str, **values: Any) -> None:
        """Say in the manifest how the run stands, and in log.jsonl what happened, and when."""
        wall_s = round(self._manifest["wall_s"] + time.monotonic() - self._began, 3)
        text = json.dumps({**self._manifest, "status": status, "wall_s": wall_s}, indent=2)
        write_whole(self._folder / "manifest.json", (text + "\n").encode())
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "event": event, **values}
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Run:
    """A run directory to read: finished, stopped, or still going on."""

    def __init__(self, folder: str | Path) -> None:
        """Raises UserError if `folder` is no run directory."""
        self.folder = Path(folder)
        try:
            self.manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text("utf-8"))
        except FileNotFoundError:
            raise UserError(f"{folder} is not a run directory: it has no manifest.json.") from None
        except NotADirectoryError:
            raise UserError(f"{folder} is not a run directory: it is a file.") from None
        except ValueError as error:
            raise UserError(f"{folder}/manifest.json is damaged: {error}.") from None

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Whether `folder` is a run directory."""
        return (folder / "manifest.json").is_file()

    @property
    def status(self) -> str:
        """running (or killed while it was), stopped, or finished."""
        return str(self.manifest.get("status"))

    @property
    def finished(self) -> bool:
        return self.status == "finished"

    @property
    def rounds(self) -> dict[str, NDArray[Any]]:
        """The columns of `rounds`, one value a round."""
        return _columns(self.folder, "rounds")

    @property
    def devices(self) -> dict[str, NDArray[Any]]:
        """The columns of `devices`, one value for each round and device."""
        return _columns(self.folder, "devices")

    @property
    def wall(self) -> dict[str, NDArray[Any]]:
        """The columns of `wall`, one value a round."""
        return _columns(self.folder, "wall")

    @property
    def events(self) -> dict[str, NDArray[Any]]:
        """The columns of `events`, one value an event; only the event-driven modes have them (docs/timing.md)."""
        return _columns(self.folder, "events")

    @property
    def best_accuracy(self) -> float:
        """The highest mean accuracy over rounds; NaN if none was measured."""
        accuracy = self.rounds["accuracy_mean"]
        return float(np.nanmax(accuracy)) if np.isfinite(accuracy).any() else float("nan")

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"


def _columns(folder: Path, name: str) -> dict[str, NDArray[Any]]:
    table = read_table(folder, name)
    return {column: table.column(column).to_numpy() for column in table.column_names}
