"""The command line as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from testbed.cli import app, main
from testbed.errors import UserError
from testbed.scenario import dumps, load
from tests.needs import ENGINE
from tests.session.scenarios import small

BROKEN = "Traceback"


def call(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "testbed", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def within(*arguments: str) -> str:
    """What the command prints, called in this process."""
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.toml").write_text(dumps(small(run={"name": "mine"})))
    return tmp_path


def test_run_record_replay_and_plot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = call("run", "s.toml", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "best accuracy" in ran.stdout
    assert "round 6/6" in ran.stdout
    assert "network: kind graph" in ran.stdout
    assert "runs/mine holds tables" in ran.stdout

    recorded = call("record", "s.toml", cwd=folder)
    assert "messages delivered" in recorded.stdout, recorded.stderr
    replayed = call("replay", "traces/mine", "s.toml", cwd=folder)
    assert "runs/mine-2 holds" in replayed.stdout, replayed.stderr
    both = [(folder / "runs" / name / "rounds.parquet").read_bytes() for name in ("mine", "mine-2")]
    assert both[0] == both[1]

    monkeypatch.chdir(folder)
    for kind in ("rounds", "time", "density", "devices"):
        within("plot", kind, "runs/mine", "runs/mine-2", "--out", f"{kind}.svg")
        assert (folder / f"{kind}.svg").read_text().startswith("<?xml")


def test_replay_takes_its_keys_as_options(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "s.toml").write_text(dumps(small(run={"name": "mine"}, algorithm={"batch_size": 128})))
    options = ["--exact", "--from", "4", "--to", "14", "--at-end", "loop", "--nodes", "7,6,5,4,3,2,1,0"]
    options += ["--set", "run.rounds=8", "--set", "devices.profile=raspberry-pi-4"]
    ran = CliRunner().invoke(app, ["replay", "bundled/mesh20-sparse", "s.toml", *options], catch_exceptions=False)
    assert ran.exit_code == 0
    written = load(folder / "runs/mine/scenario.toml").network
    assert (written.trace, written.replay, written.at_end) == ("bundled/mesh20-sparse", "exact", "loop")
    assert (written.from_s, written.to_s, written.nodes) == (4.0, 14.0, (7, 6, 5, 4, 3, 2, 1, 0))
    mistaken = ["replay", "bundled/mesh20-sparse", "s.toml", "--nodes", "bussiest"]
    with pytest.raises(UserError, match="did you mean 'busiest'"):
        CliRunner().invoke(app, mistaken, catch_exceptions=False)


def test_overrides_and_the_class_table(folder: Path) -> None:
    ran = call("run", "s.toml", "--set", "run.rounds=1", "--set", "devices.count=3", "--out", "o", cwd=folder)
    assert "3 devices, 1 rounds" in ran.stdout
    assert "device" in ran.stdout
    assert len((folder / "o/log.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "none.toml"], "There is no scenario file"),
        (["run", "s.toml", "--set", "network.densty=1"], "did you mean network.density?"),
        (["run", "s.toml", "--set", "network.density=1.5"], "network.density = 1.5 is not possible"),
        (["run", "s.toml", "--set", "devices.profile=raspbery-pi-4"], "raspberry-pi-4"),
        (["run", "s.toml", "--set", "devices.count=5000"], "4000"),
        (["run", "s.toml", "--set", "data.partition=shards", "--set", "data.shards=5000"], "data.shards"),
        (["run", "."], "a folder without a scenario.toml"),
        (["replay", ".", "s.toml"], "is not a trace"),
        (["plot", "rounds", "."], "holds no run"),
        (["plot", "powers", __file__], "is not a run directory: it is a file"),
        (["bench", "flet"], "did you mean fleet?"),
        (["bench", "mixing", "--devices", "5"], "'mixing' has no --devices"),
        (["run", "s.toml", "--set", "devices.churn_file=none.csv"], "none.csv cannot be read"),
        (["run", "s.toml", "--set", "devices.churn_s=[1e-6, 1]"], "at least 0.001 s"),
        (["data", "fetch", "mnits"], "mnist"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["testbed", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_mistake_shows_no_traceback(folder: Path) -> None:
    answer = call("run", "none.toml", cwd=folder)
    assert answer.returncode == 2
    assert BROKEN not in answer.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_run_to_resume(folder: Path, number: signal.Signals) -> None:
    arguments = ["run", "s.toml", "--set", "run.rounds=100000", "--out", "o"]
    process = subprocess.Popen(
        [sys.executable, "-m", "testbed", *arguments], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    rounds = folder / "o/rounds.arrows"
    while not (rounds.exists() and rounds.stat().st_size > 10_000):
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"can be resumed with --resume" in errors
    assert BROKEN.encode() not in errors
    assert json.loads((folder / "o/manifest.json").read_text())["status"] == "stopped"


def test_doctor_names_what_is_installed(folder: Path) -> None:
    answer = call("doctor", cwd=folder)
    assert answer.returncode == 0, answer.stderr
    assert "torch" in answer.stdout
    assert "ns-3" in answer.stdout or "engine" in answer.stdout


@ENGINE
def test_the_cache_is_listed_and_cleared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_CACHE", str(folder / "cache"))
    live = ["--set", "network.kind=ns3", "--set", "network.hello_s=0.1", "--set", "run.rounds=1"]
    live += ["--set", "network.side_m=60"]
    call("run", "s.toml", *live, cwd=folder)
    again = call("run", "s.toml", *live, cwd=folder)
    assert "air: 1 of 1 rounds were simulated before" in again.stdout, again.stderr
    assert "the air of 1 rounds came from the cache" in again.stdout
    listed = within("cache", "list")
    assert "1 air, " in listed
    assert "redraw" in listed
    assert "1 air thrown away" in within("cache", "clear")
    assert "0 airs" in call("cache", "list", cwd=folder).stdout


def test_a_run_whose_batteries_end_says_so(folder: Path) -> None:
    ran = call("run", "s.toml", "--set", "devices.battery_j=0.0004", "--set", "run.rounds=9", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "the batteries of all devices are empty after" in ran.stdout
    assert "the batteries of all devices were empty after" in ran.stdout
    assert "diverged" not in ran.stdout


def test_help_is_quick_about_every_verb(folder: Path) -> None:
    answer = call("--help", cwd=folder)
    for verb in ("run", "record", "replay", "data", "doctor", "plot", "bench"):
        assert verb in answer.stdout
