"""What a live run costs beyond the dearer of its two halves, when ns-3 works while PyTorch trains.

The same scenario is recorded without training (the network alone), run over that recording (the training alone), and
run live. All three are timed from the first round's beginning to the last one's end, in turn; the middle of `TURNS`.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.network import Medium, Network
from testbed.network.engine import missing_engine
from testbed.scenario import Scenario, parse
from testbed.session import record, replay, run
from testbed.session.barrier import Outcome
from testbed.session.learner import Learner
from testbed.session.observer import Observer
from testbed.session.stopwatch import Stopwatch

TURNS = 3
ROUNDS = 10


def overlap() -> dict[str, Any]:
    """`ratio`: seconds of the live run over those of the dearer half. Raises UserError where there is no engine."""
    if complaint := missing_engine():
        raise UserError(complaint)
    with tempfile.TemporaryDirectory() as folder:
        turns = [_turn(_scenario(), Path(folder) / str(turn)) for turn in range(TURNS)]
    network_s, training_s, run_s = (median(times) for times in zip(*turns, strict=True))
    return {
        "ratio": run_s / max(network_s, training_s),
        "network_s": network_s,
        "training_s": training_s,
        "run_s": run_s,
        "one_after_the_other_s": network_s + training_s,
        "rounds": ROUNDS,
        "threads": torch.get_num_threads(),
    }


def _turn(scenario: Scenario, folder: Path) -> tuple[float, float, float]:
    """Seconds of the network alone, the training alone, and both at once."""
    return (
        _timed(lambda clock: record(scenario, folder / "air", observer=clock)),
        _timed(lambda clock: replay(folder / "air", scenario, folder / "replayed", observer=clock)),
        _timed(lambda clock: run(scenario, folder / "live", observer=clock)),
    )


def _timed(session: Callable[[Observer], object]) -> float:
    clock = _Clock()
    session(clock)
    return clock.ended - clock.began


class _Clock(Observer):
    """When the first round began and the last one ended."""

    def started(self, learner: Learner | None, network: Network | Medium, round_: int) -> None:
        self.began = time.perf_counter()

    def trained(self, outcome: Outcome, watch: Stopwatch, events: int) -> None:
        self.ended = time.perf_counter()

    def recorded(self, round_: int, exchange: Exchange, events: int) -> None:
        self.ended = time.perf_counter()


def _scenario() -> Scenario:
    return parse(
        {
            "run": {"rounds": ROUNDS, "deadline_s": 60.0},
            "devices": {"count": 12},
            "network": {"kind": "ns3", "side_m": 100.0, "cache": "off"},
            "model": {"name": "cnn"},
            "algorithm": {"name": "dpsgd", "batch_size": 192},
            "output": {"eval_every": ROUNDS, "eval_samples": 100},
        }
    )
