"""The cells that a sentence of the paper is held against, and the verdict in words."""

from dataclasses import dataclass

import numpy as np

from testbed.reproduction.hyperprism.grid import AirKind, Column, Setting, Task
from testbed.reproduction.hyperprism.plan import Place
from testbed.reproduction.hyperprism.results import OURS, Results

UNKNOWN = "cannot be told yet"


@dataclass(frozen=True)
class Ground:
    """All settings over one air, with one choice of learning rates."""

    results: Results
    task: Task
    air: AirKind
    column: Column

    def place(self, setting: Setting) -> Place:
        return Place(self.task, setting, self.air, self.column)

    def settings(self, table: int | None = None) -> list[Setting]:
        """Of a table, else all."""
        plan = self.results.plan
        return plan.settings() if table is None else plan.columns_of(table) if table in plan.tables else []

    @property
    def methods(self) -> tuple[str, ...]:
        return self.results.plan.methods

    @property
    def baselines(self) -> list[str]:
        return [method for method in self.methods if method != OURS]

    def accuracy(self, setting: Setting, method: str) -> float:
        """Max Acc, mean over seeds; NaN where no seed is finished."""
        return self.results.measures(self.place(setting), method).max_acc.mean

    def ends(self, table: int, method: str) -> tuple[float, float]:
        """Max Acc at the first and at the last value of a table."""
        settings = self.settings(table)
        if not settings:
            return float("nan"), float("nan")
        return self.accuracy(settings[0], method), self.accuracy(settings[-1], method)


def unrest(ground: Ground, setting: Setting, method: str) -> float:
    """The mean step of the accuracy from one evaluation to the next, in the second half of the rounds."""
    steps = []
    for curve in ground.results.curves(ground.place(setting), method).values():
        accuracy = curve.accuracy[np.isfinite(curve.accuracy)]
        steps += np.abs(np.diff(accuracy[len(accuracy) // 2 :])).tolist()
    return float(np.mean(steps)) if steps else float("nan")


def step_s(ground: Ground, method: str) -> float:
    """Wall-clock seconds of training and mixing a round in the base setting, the median over seeds."""
    curves = ground.results.curves(ground.place(ground.results.plan.base), method).values()
    return float(np.median([curve.step_s for curve in curves])) if curves else float("nan")


def arrival_s(ground: Ground, method: str) -> float:
    """Simulated seconds to the common target in the base setting; infinite where a seed never reaches it."""
    found = ground.results.measures(ground.place(ground.results.plan.base), method)
    return found.seconds.mean if found.gets_there or not found.seconds.values else float("inf")


def whole_s(ground: Ground, method: str) -> float:
    """`step_s` times the rounds to the common target; infinite where a seed never reaches it."""
    found = ground.results.measures(ground.place(ground.results.plan.base), method)
    rounds = found.rounds.mean if found.gets_there or not found.rounds.values else float("inf")
    return rounds * step_s(ground, method)


def verdict(found: list[bool | None], things: str) -> str:
    """In words, of one comparison for each of the `things`; None is a comparison that cannot be made yet."""
    known = [each for each in found if each is not None]
    if not known:
        return UNKNOWN
    word = "agrees" if all(known) else "agrees in part" if any(known) else "does not agree"
    missing = f"; {len(found) - len(known)} open" if len(known) < len(found) else ""
    return f"{word}: {sum(known)} of {len(known)} {things}{missing}"


def less(low: float, high: float) -> bool | None:
    """Whether low < high, where both are known."""
    return None if np.isnan(low) or np.isnan(high) else bool(low < high)
