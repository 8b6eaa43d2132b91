"""A simulator that dies or stands still in the middle of a run: a clear error, and the run goes on afterwards."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.network.engine import EngineError
from testbed.network.process import Worker
from testbed.session.barrier import Outcome
from testbed.session.observer import Observer
from testbed.session.stopwatch import Stopwatch
from tests.needs import ENGINE
from tests.session.scenarios import small, tables


class Strike(Observer):
    """Sends a signal to the last worker that was made, after round 1."""

    def __init__(self, workers: list[Worker], blow: signal.Signals) -> None:
        self.workers, self.blow = workers, blow

    def trained(self, outcome: Outcome, watch: Stopwatch, events: int) -> None:
        if outcome.round_ == 1:
            os.kill(self.workers[-1].pid, self.blow)


@ENGINE
@pytest.mark.parametrize(
    ("blow", "words"),
    [
        (signal.SIGKILL, r"ns-3 engine stopped \(SIGKILL\)"),
        (signal.SIGABRT, r"ns-3 engine stopped \(SIGABRT\)"),
        (signal.SIGSTOP, r"ns-3 engine made no progress for 2 s \(network\.worker_timeout_s\)"),
    ],
)
def test_a_run_whose_simulator_died_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blow: signal.Signals, words: str
) -> None:
    workers: list[Worker] = []

    def make(*arguments: Any, **options: Any) -> Worker:
        workers.append(Worker(*arguments, **options))
        return workers[-1]

    monkeypatch.setattr("testbed.network.live.Worker", make)
    live = {"kind": "ns3", "mobility": "gauss-markov", "cache": "off", "worker_timeout_s": 2}
    scenario = small(run={"rounds": 4}, network=live)
    testbed.run(scenario, tmp_path / "whole")
    with pytest.raises(EngineError, match=words):
        testbed.run(scenario, tmp_path / "cut", observer=Strike(workers, blow))
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
