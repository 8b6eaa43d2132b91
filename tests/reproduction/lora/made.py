"""Curves without runs, and a small plan."""

from pathlib import Path
from typing import Any

import numpy as np

from testbed.campaign import Cell as AnyCell
from testbed.campaign import Job
from testbed.reproduction.lora.cells import Cell
from testbed.reproduction.lora.jobs import Jobs
from testbed.reproduction.lora.methods import WHOLE
from testbed.reproduction.lora.plan import Place, Plan
from testbed.reproduction.lora.results import Results
from testbed.reproduction.lora.tasks import Task
from testbed.reproduction.store import Store
from testbed.results.curve import Curve

TASK = Task("mnist5k", "mlp", rounds=4, devices=4, lr=0.03, alphas=(0.1,), budgets=(1, 4), eval_samples=50)
PLAN = Plan((TASK,), 2, ("fedit", "given-rbla", "a2"))
PLACE = Place(TASK, 0.1, 4)


def curve(*accuracy: float, message: int = 1_000_000, **fields: Any) -> Curve:
    """A round takes a simulated second, a second of air time, 2 J, and a message of `message` bytes of each device."""
    rounds = np.arange(1.0, len(accuracy) + 1)
    given = {"airtime_s": rounds, **fields}
    return Curve(np.array(accuracy), rounds, TASK.devices * message * rounds, 2 * rounds, 0.1 / rounds, **given)


class Made(Store):
    """A store of the curves that it is given, by the names of their cells."""

    def __init__(self, curves: dict[str, Curve]) -> None:
        super().__init__(Path("nowhere"))
        self.made = curves

    def is_done(self, job: Job) -> bool:
        return job.name in self.made

    def curve(self, cell: AnyCell) -> Curve:
        return self.made[cell.name]


def results(curves: dict[str, list[Curve]], plan: Plan = PLAN, place: Place = PLACE) -> Results:
    """What there is when the methods have these curves in a place, seed by seed."""
    made = {
        Cell(place.task, place.alpha, method, 0 if method in WHOLE else place.budget, 0.03, seed).name: each
        for method, found in curves.items()
        for seed, each in enumerate(found, 1)
    }
    return Results(Jobs(plan, Made(made)))
