"""Curves without runs, and a small plan."""

from pathlib import Path
from typing import Any

import numpy as np

from testbed.campaign import Cell as AnyCell
from testbed.campaign import Job
from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.grid import Setting, Task
from testbed.reproduction.hyperprism.jobs import Jobs
from testbed.reproduction.hyperprism.plan import Plan
from testbed.reproduction.hyperprism.results import Results
from testbed.reproduction.store import Store
from testbed.results.curve import Curve

TASK = Task("mnist5k", "logistic", rounds=3, eval_samples=50, validation=100, tuning_rounds=2)
PLAN = Plan((TASK,), (2,), 2, methods=("dpsgd", "hyperprism"), powers=("wpm-mirror-p9",))
BASE = Setting()


def curve(*accuracy: float, **fields: Any) -> Curve:
    """A round takes a simulated second, a megabyte and 2 J."""
    rounds = np.arange(1.0, len(accuracy) + 1)
    return Curve(np.array(accuracy), rounds, 1e6 * rounds, 2 * rounds, 0.1 / rounds, **fields)


class Made(Store):
    """A store of the curves that it is given."""

    def __init__(self, curves: dict[Cell, Curve]) -> None:
        super().__init__(Path("nowhere"))
        self.made = curves

    def is_done(self, job: Job) -> bool:
        return job in self.made

    def curve(self, cell: AnyCell) -> Curve:
        return self.made[cell]  # type: ignore[index]


def results(curves: dict[str, list[Curve]], plan: Plan = PLAN, setting: Setting = BASE) -> Results:
    """What there is when the methods have these curves, seed by seed, over random graphs at the paper's rate."""
    made = {
        Cell(TASK, setting, method, "graph", 0.01, seed): each
        for method, found in curves.items()
        for seed, each in enumerate(found, 1)
    }
    return Results(Jobs(plan, Made(made)))
