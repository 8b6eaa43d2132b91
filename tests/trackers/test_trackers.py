"""What TensorBoard and MLflow are told is what the tables say: each number once, live, resumed or sent afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import testbed
from testbed.cli import app
from testbed.errors import UserError
from testbed.results import Run
from testbed.scenario import Scenario, dumps
from testbed.session.observer import Observer, Observers
from testbed.trackers import Tracking, check, store_of, track, trackers
from tests.session.scenarios import Interrupt, small, tables

Points = dict[str, list[tuple[int, float, float]]]
"""Round, value and simulated seconds of each number, by column."""

SCENARIO = small(run={"rounds": 7}, output={"eval_every": 3})


def installed(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.skipif(bool(trackers.missing(name)), reason=f"no extra `{name}`"))


TENSORBOARD, MLFLOW = installed("tensorboard"), installed("mlflow")
BOTH = pytest.mark.parametrize("name", [TENSORBOARD, MLFLOW])


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of MLflow without runs: making one takes seconds."""
    from mlflow.tracking import MlflowClient

    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}", registry_uri=f"sqlite:///{file}")
    return file


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where runs lie; with a store in it, if the test is about MLflow."""
    if request.node.callspec.params.get("name") == "mlflow":
        shutil.copy(request.getfixturevalue("empty"), tmp_path / "mlflow.db")
    return tmp_path


def run(scenario: Scenario, folder: Path, *names: str, **options: Any) -> Run:
    with Tracking(folder, names) as tracking:
        return testbed.run(scenario, folder, observer=tracking, **options)


def logged(name: str, folder: Path) -> tuple[Points, dict[str, object]]:
    """The numbers and hyperparameters in a log, read by its own program."""
    return from_tensorboard(folder) if name == "tensorboard" else from_mlflow(folder)


def from_tensorboard(folder: Path) -> tuple[Points, dict[str, object]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG, parse_session_start_info_plugin_data

    log = EventAccumulator(str(folder / "tensorboard"), size_guidance={"tensors": 0}, purge_orphaned_data=False)
    log.Reload()
    points = {
        tag: [(event.step, event.tensor_proto.double_val[0], event.wall_time) for event in log.Tensors(tag)]
        for tag in log.Tags()["tensors"]
    }
    content = log.summary_metadata[SESSION_START_INFO_TAG].plugin_data.content
    keys = parse_session_start_info_plugin_data(content).hparams
    return points, {key: getattr(value, value.WhichOneof("kind")) for key, value in keys.items()}


def from_mlflow(folder: Path) -> tuple[Points, dict[str, object]]:
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{store_of(folder)}/mlflow.db"
    client = MlflowClient(uri, registry_uri=uri)
    runs = client.search_runs([each.experiment_id for each in client.search_experiments()])
    [entry] = [each for each in runs if each.info.run_name == folder.name]
    history = {key: client.get_metric_history(entry.info.run_id, key) for key in entry.data.metrics}
    points = {
        key: [(each.step, each.value, each.timestamp / 1e3) for each in sorted(each, key=lambda point: point.step)]
        for key, each in history.items()
    }
    return points, {**entry.data.params, "status": entry.info.status}


def expected(run: Run) -> Points:
    """The same from the tables."""
    rounds = run.rounds
    return {
        name: [
            (int(step), float(value), closed / 1e9)
            for step, value, closed in zip(rounds["round"], column, rounds["closed_ns"], strict=True)
            if np.isfinite(value)
        ]
        for name, column in rounds.items()
        if name != "round" and np.isfinite(column).any()
    }


def same(found: Points, wanted: Points) -> bool:
    """MLflow keeps whole milliseconds."""
    assert found.keys() == wanted.keys()
    return all(np.allclose(found[name], wanted[name], rtol=0, atol=1e-3) for name in wanted) and all(
        [point[:2] for point in found[name]] == [point[:2] for point in wanted[name]] for name in wanted
    )


@BOTH
def test_a_log_holds_the_columns_of_rounds_and_the_scenario_s_keys(name: str, home: Path) -> None:
    done = run(SCENARIO, home / "mine", name)
    points, keys = logged(name, home / "mine")
    assert same(points, expected(done))
    assert len(points["accuracy_mean"]) < len(points["loss"]) == 7
    assert str(keys["algorithm.name"]) == "dpsgd"
    assert float(str(keys["algorithm.lr"])) == 0.1
    assert str(keys["devices.profile"]) == '["raspberry-pi-4", "laptop"]'
    assert float(str(keys["run.seed"])) == 3
    assert keys.get("status", "FINISHED") == "FINISHED"


@BOTH
def test_a_run_that_was_stopped_goes_on_without_double_points(name: str, home: Path) -> None:
    class Stopped(Exception):
        pass

    with pytest.raises(Stopped), Tracking(home / "cut", [name]) as tracking:
        testbed.run(SCENARIO, home / "cut", observer=Observers(tracking, Interrupt(4, Stopped())))
    points, keys = logged(name, home / "cut")
    assert [step for step, *_ in points["loss"]] == [0, 1, 2, 3, 4]
    assert keys.get("status", "KILLED") == "KILLED"
    done = run(SCENARIO, home / "cut", name, resume=True)
    assert same(logged(name, home / "cut")[0], expected(done))


@BOTH
def test_a_run_killed_before_its_checkpoint_leaves_a_log_and_repeats_no_point(name: str, home: Path) -> None:
    """What is trained again after the kill was logged before."""
    file, folder = home / "s.toml", home / "killed"
    file.write_text(dumps(small(run={"rounds": 7}, output={"checkpoint_s": 1e6})))
    code = (
        "import os, signal, sys, testbed\n"
        "from testbed.session.observer import Observer, Observers\n"
        "from testbed.trackers import Tracking\n"
        "class Kill(Observer):\n"
        "    def trained(self, outcome, watch, events):\n"
        "        if outcome.round_ == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with Tracking(sys.argv[2], [sys.argv[3]]) as tracking:\n"
        "    testbed.run(testbed.scenario.load(sys.argv[1]), sys.argv[2], observer=Observers(tracking, Kill()))\n"
    )
    died = subprocess.run([sys.executable, "-c", code, file, folder, name], check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    assert len(logged(name, folder)[0]["loss"]) >= 3
    done = run(testbed.scenario.load(file), folder, name, resume=True)
    assert same(logged(name, folder)[0], expected(done))


@BOTH
def test_what_is_sent_afterwards_is_what_is_sent_live(name: str, home: Path) -> None:
    run(SCENARIO, home / "live", name)
    run(SCENARIO, home / "later")
    CliRunner().invoke(app, ["track", str(home), "--to", name, "--to", name], catch_exceptions=False)
    live, later = (logged(name, home / folder) for folder in ("live", "later"))
    assert live == later


@BOTH
def test_tables_are_the_same_with_a_tracker_and_without(name: str, home: Path) -> None:
    run(SCENARIO, home / "with", name)
    testbed.run(SCENARIO, home / "without")
    assert tables(home / "with") == tables(home / "without")


@pytest.mark.parametrize("name", [MLFLOW])
def test_mlflow_asks_no_server_and_reports_nothing(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("something wants a network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    run(SCENARIO, home / "mine", name)
    from mlflow.telemetry.client import get_telemetry_client

    assert len(logged(name, home / "mine")[0]["loss"]) == 7
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert get_telemetry_client() is None


@pytest.mark.parametrize("name", [MLFLOW])
def test_another_scenario_in_the_same_folder_is_another_run(name: str, home: Path) -> None:
    from mlflow.tracking import MlflowClient

    run(SCENARIO, home / "mine", name)
    shutil.rmtree(home / "mine")
    run(small(run={"rounds": 2}), home / "mine", name)
    client = MlflowClient(f"sqlite:///{home}/mlflow.db", registry_uri=f"sqlite:///{home}/mlflow.db")
    [experiment] = [each for each in client.search_experiments() if each.name == home.name]
    assert len(client.search_runs([experiment.experiment_id])) == 2


def test_a_sweep_s_cells_share_the_store_of_the_sweep(tmp_path: Path) -> None:
    assert store_of(tmp_path / "sweep" / "cells" / "a") == tmp_path / "sweep"
    assert store_of(tmp_path / "runs" / "a") == tmp_path / "runs"


def test_a_tracker_that_fails_does_not_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, folder: Path) -> None:
            self.calls = 0

        def log(self, rows: object) -> None:
            self.calls += 1
            if self.calls == 2:
                raise OSError("the disk is gone")

    lines: list[str] = []

    class Heard(Observer):
        def noted(self, line: str) -> None:
            lines.append(line)

    monkeypatch.setattr("testbed.trackers.sending.begin", lambda name, folder: Broken(folder))
    monkeypatch.setattr(trackers, "missing", lambda name: "")
    with Tracking(tmp_path / "run", ["tensorboard"], Heard()) as tracking:
        assert testbed.run(SCENARIO, tmp_path / "run", observer=tracking).finished
    [line] = lines
    assert "the disk is gone" in line
    assert f"testbed track {tmp_path}/run --to tensorboard" in line


def test_what_is_wrong_is_said_before_anything_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no tracker 'wandb': choose from tensorboard, mlflow"):
        check(["wandb"])
    monkeypatch.setattr(trackers, "find_spec", lambda package: None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[mlflow\]'"):
        check(["mlflow"])
    with pytest.raises(UserError, match=r"pip install -e '\.\[tensorboard\]'"):
        Tracking(tmp_path / "run", ["tensorboard"])


@pytest.mark.parametrize("name", [TENSORBOARD])
def test_a_folder_without_runs_and_a_damaged_scenario_are_said(name: str, home: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        track(home, [name])
    run(SCENARIO, home / "mine")
    (home / "mine" / "scenario.toml").write_text("[run")
    with pytest.raises(UserError, match=r"scenario\.toml cannot be read"):
        track(home / "mine", [name])


def test_a_tracker_that_takes_no_row_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(name: str, folder: Path) -> None:
        raise ValueError("no such table: runs\nand much more")

    testbed.run(small(run={"rounds": 1}), tmp_path / "run")
    monkeypatch.setattr("testbed.trackers.sending.begin", begin)
    monkeypatch.setattr(trackers, "missing", lambda name: "")
    with pytest.raises(UserError, match=r"mlflow does not take the rows of .*run: no such table: runs\.$"):
        track(tmp_path, ["mlflow"])
