"""Same scenario, same seed: the same trace, byte for byte, with and without the worker process, on a busy machine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import session
from testbed.scenario import Scenario, parse
from tests.needs import ENGINE

pytestmark = ENGINE
SECTIONS = {
    "run": {"rounds": 2, "seed": 5},
    "devices": {"count": 10},
    "network": {"side_m": 120.0, "mobility": "random-waypoint"},
}
WITHOUT_WORKER = f"""
import sys
from pathlib import Path
from testbed import session
from testbed.network import live
from testbed.network.worker import Host
from testbed.scenario import parse

class Here:
    def __init__(self, timeout_s): self.host = Host()
    def request(self, verb, *arguments): return self.host.answer(verb, arguments)[1]
    def close(self): pass

live.Worker = Here
session.record(parse({SECTIONS}), Path(sys.argv[1]))
"""


@pytest.fixture
def busy() -> Iterator[None]:
    """Another process takes all it can get of a core."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        yield
        other.kill()


def scenario() -> Scenario:
    return parse(SECTIONS)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def repeat(folder: Path, times: int) -> Path:
    """The first of so many recordings more, all of which are the same."""
    session.record(scenario(), folder / "first")
    first = content(folder / "first")
    for time in range(times):
        session.record(scenario(), folder / str(time))
        assert content(folder / str(time)) == first
    return folder / "first"


def test_twenty_runs_give_the_same_bytes_and_so_does_one_without_the_worker(tmp_path: Path, busy: None) -> None:
    first = content(repeat(tmp_path, 20))
    subprocess.run([sys.executable, "-c", WITHOUT_WORKER, str(tmp_path / "here")], check=True, capture_output=True)
    assert content(tmp_path / "here") == first
