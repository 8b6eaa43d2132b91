"""The traces that come with the package: what they are, and that they do without ns-3."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import testbed
from scripts import record_bundled
from testbed.errors import UserError
from testbed.network import engine
from testbed.scenario import fingerprint, load
from testbed.trace import bundled, read
from tests.needs import ENGINE

ROOT = Path(testbed.__file__).parents[1]
DENSITIES = {"sparse": 0.2, "half": 0.5, "dense": 0.8}


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.import_module

    def missing(name: str) -> ModuleType:
        if name == "testbed.network._engine":
            raise ModuleNotFoundError(name)
        return there(name)

    monkeypatch.setattr(engine.importlib, "import_module", missing)


def test_there_are_20_and_50_devices_of_three_densities() -> None:
    assert set(bundled.names()) == set(record_bundled.AIRS)
    for name in bundled.names():
        trace = read(bundled.path(name))
        air, _, density = name.partition("-")
        assert trace.header.nodes == int(air[4:])
        assert trace.densities().mean() == pytest.approx(DENSITIES[density], abs=0.01)
        assert {size for outbox in trace.outboxes for size in outbox.size_bytes} == {31428}
        assert len(trace) == record_bundled.ROUNDS


def test_they_are_small() -> None:
    assert sum(file.stat().st_size for name in bundled.names() for file in bundled.path(name).iterdir()) < 3e6


def test_a_name_is_taken_with_and_without_its_folder() -> None:
    assert (
        bundled.path("mesh20-half") == bundled.path("bundled/mesh20-half") == bundled.folder_of("bundled/mesh20-half")
    )


@pytest.mark.parametrize("name", ["mesh20-hlf", "../bundled/mesh20-half", ""])
def test_an_unknown_name_is_an_error_that_names_those_that_there_are(name: str) -> None:
    with pytest.raises(UserError, match=r"There is no bundled trace .*known are mesh20-dense, mesh20-half"):
        bundled.path(name)
    with pytest.raises(UserError, match=r"did you mean bundled/mesh20-half\?"):
        bundled.folder_of("bundled/mesh20-hlf")


def test_a_file_is_to_be_converted_first(tmp_path: Path) -> None:
    file = tmp_path / "contacts.txt"
    file.write_text("0 1 2\n")
    with pytest.raises(UserError, match=rf"`testbed trace convert {file} FOLDER`"):
        bundled.folder_of(file)


@pytest.mark.parametrize("name", ["mesh20-dense", "walk20-half"])
def test_a_run_over_them_needs_no_engine(tmp_path: Path, no_engine: None, name: str) -> None:
    keys = {"network.trace": f"bundled/{name}", "run.rounds": 22, "output.eval_every": 22, "output.eval_samples": 100}
    run = testbed.run(load(ROOT / "ns3_scenarios/bundled.toml", keys), tmp_path / "run")
    recorded = read(bundled.path(name)).densities()
    assert run.rounds["density"].tolist() == [*recorded, *recorded[:2]]


def test_fifty_devices_train_too(tmp_path: Path, no_engine: None) -> None:
    quickstart = load(ROOT / "ns3_scenarios/quickstart.toml", ["devices.count=50", "run.rounds=2"])
    run = testbed.replay("bundled/mesh50-half", quickstart, tmp_path / "run")
    assert run.rounds["delivered"].tolist() == [
        int(exchange.deliveries.arrived.sum()) for exchange in read(bundled.path("mesh50-half")).exchanges[:2]
    ]


def test_a_run_loads_neither_the_engine_nor_its_worker(tmp_path: Path) -> None:
    code = f"""
import sys, testbed
scenario = testbed.scenario.load({str(ROOT / "ns3_scenarios/bundled.toml")!r}, {{"run.rounds": 2}})
testbed.run(scenario, {str(tmp_path / "run")!r})
print([name for name in sys.modules if name.startswith(("ns", "testbed.network.")) and name.split(".")[-1] in
       ("_engine", "worker", "process", "ns", "ns3")])
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["[]"]


def test_a_live_run_without_an_engine_is_told_of_them(tmp_path: Path, no_engine: None) -> None:
    with pytest.raises(UserError, match="testbed replay bundled/NAME SCENARIO"):
        testbed.run(load(ROOT / "ns3_scenarios/quickstart.toml", ["network.cache=off"]), tmp_path / "run")


def test_a_run_directory_names_what_it_was_replayed_from(tmp_path: Path) -> None:
    quickstart = load(ROOT / "ns3_scenarios/quickstart.toml", ["run.rounds=2"])
    first = testbed.replay("bundled/mesh20-half", quickstart, tmp_path / "first", from_s=5, at_end="loop")
    written = load(tmp_path / "first/scenario.toml")
    assert (written.network.trace, written.network.from_s) == ("bundled/mesh20-half", 5)
    again = testbed.run(written, tmp_path / "again")
    assert (tmp_path / "again/rounds.parquet").read_bytes() == (tmp_path / "first/rounds.parquet").read_bytes()
    assert first.manifest["scenario_sha256"] == again.manifest["scenario_sha256"] == fingerprint(written)


@ENGINE
@pytest.mark.slow
def test_they_are_recorded_again_as_they_are(tmp_path: Path) -> None:
    """By the same ns-3; pyarrow may write other files."""
    name = "mesh20-sparse"
    there = read(bundled.path(name))
    if there.header.network["ns3_version"] != engine.engine_info()["ns3_version"]:
        pytest.skip(f"they were recorded with ns-3 {there.header.network['ns3_version']}")
    record_bundled.record(name, tmp_path / name)
    again = read(tmp_path / name)
    assert (again.outboxes, again.exchanges) == (there.outboxes, there.exchanges)
    assert again.header.network == there.header.network
