"""Worker processes: they are started once for the module, as each imports PyTorch."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.campaign import LocalEngine, Store, work
from testbed.campaign.store import claimed
from testbed.results import Run
from testbed.scenario import Scenario
from tests.campaign.made import TINY, Cell, Heard, Jobs, hurry


@dataclass(frozen=True)
class Deadly(Cell):
    """Its process is killed, or asked to end, the first time."""

    mark: str = ""
    by: int = signal.SIGKILL

    def scenario(self, recording: Path | None) -> Scenario:
        if not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), self.by)
        return self.run


@dataclass(frozen=True)
class Faulty(Cell):
    def scenario(self, recording: Path | None) -> Scenario:
        raise ZeroDivisionError("of all things")


def test_a_killed_worker_costs_time_alone(tmp_path: Path) -> None:
    deadly = Deadly("deadly", mark=str(tmp_path / "mark"))
    cells = [deadly, Cell("other"), Faulty("faulty")]
    heard, jobs = Heard(), Jobs(tmp_path, cells, Store(tmp_path))
    failed = work(jobs, LocalEngine(2), None, heard)
    assert [done.job.name for done in failed] == ["faulty"]
    assert all(Run(tmp_path / "cells" / name).finished for name in ("deadly", "other"))
    assert any("its process died" in done.told for done in heard.done)
    assert "ZeroDivisionError: of all things (all of it is in" in failed[0].told
    assert 'raise ZeroDivisionError("of all things")' in (tmp_path / "failed" / "faulty.txt").read_text()


def test_a_worker_that_is_asked_to_end_costs_time_alone(tmp_path: Path) -> None:
    asked = Deadly("asked", mark=str(tmp_path / "mark"), by=signal.SIGTERM)
    heard, jobs = Heard(), Jobs(tmp_path, [asked], Store(tmp_path))
    assert work(jobs, LocalEngine(1), None, heard) == []
    assert Run(tmp_path / "cells" / "asked").finished
    assert any("its process died" in done.told for done in heard.done)


def test_a_claimed_cell_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    cell = Cell("cell")
    heard, jobs = Heard(), Jobs(tmp_path, [cell], Store(tmp_path))
    with claimed(tmp_path / "cells" / "cell") as mine:
        assert mine
        assert work(jobs, LocalEngine(1), None, heard) == []
    assert heard.done == []


def test_an_error_ends_the_workers_at_once(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    class Stopping(Heard):
        def ticked(self) -> None:
            raise Stop

    long = Cell("long", run=TINY.model_copy(update={"run": TINY.run.model_copy(update={"rounds": 10**6})}))
    began = time.monotonic()
    with pytest.raises(Stop):
        work(Jobs(tmp_path, [long], Store(tmp_path)), LocalEngine(1), None, Stopping())
    assert time.monotonic() - began < 60
