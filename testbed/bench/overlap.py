"""What a live run costs beyond the dearer of its two halves, when ns-3 works while PyTorch trains.

The same scenario is recorded without training (the network alone), run over that recording (the training alone), and
run live. All three are timed from the first round's beginning to the last one's end, one after the other; of `TURNS`
turns the middle value of each figure counts, the ratio being that of one turn.
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
ROUNDS = 20
WORKLOADS = {"network": 64, "even": 192, "training": 1024}
"""What takes longer, and the batch size that makes it so. `network` is the usual live run."""


def overlap() -> dict[str, Any]:
    """`ratio`: seconds of a live run over those of its dearer half, the network; the other workloads beside it.

    `attainable` is what the cores allow: training alone uses all of them, so that both halves together cannot take less
    than network / cores + training. Raises UserError where there is no engine.
    """
    if complaint := missing_engine():
        raise UserError(complaint)
    measured = {name: _measure(batch_size) for name, batch_size in WORKLOADS.items()}
    return {"ratio": measured["network"]["ratio"], "rounds": ROUNDS, "threads": torch.get_num_threads(), **measured}


def _measure(batch_size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        turns = [_turn(_scenario(batch_size), Path(folder) / str(turn)) for turn in range(TURNS)]
    network_s, training_s, run_s = (median(times) for times in zip(*turns, strict=True))
    dearer_s = max(network_s, training_s)
    together_s = network_s / torch.get_num_threads() + training_s
    return {
        "ratio": median(both / max(air, training) for air, training, both in turns),
        "attainable": max(dearer_s, together_s) / dearer_s,
        "network_s": network_s,
        "training_s": training_s,
        "run_s": run_s,
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


def _scenario(batch_size: int) -> Scenario:
    return parse(
        {
            "run": {"rounds": ROUNDS, "deadline_s": 60.0},
            "devices": {"count": 12},
            "network": {"kind": "ns3", "side_m": 100.0, "cache": "off"},
            "model": {"name": "cnn"},
            "algorithm": {"name": "dpsgd", "batch_size": batch_size},
            "output": {"eval_every": ROUNDS, "eval_samples": 100},
        }
    )
