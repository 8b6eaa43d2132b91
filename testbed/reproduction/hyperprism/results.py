"""What the finished cells say: the paper's measures over seeds."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from testbed.report.spread import Spread, spread
from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.grid import AirKind, Column, Task
from testbed.reproduction.hyperprism.jobs import Jobs
from testbed.reproduction.hyperprism.plan import Place, Plan
from testbed.results.curve import Curve

SHARE = 0.95
"""Of the best accuracy, a target is so much."""
REFERENCE, OURS = "dpsgd", "hyperprism"


@dataclass(frozen=True)
class Measures:
    """Of one method in one place; each `Spread` is over the finished seeds."""

    max_acc: Spread
    rounds: Spread
    """Conv. Rds to the common target: .95 of D-PSGD's Max Acc under the same seed."""
    own_rounds: Spread
    """Conv. Rds to .95 of the method's own Max Acc."""
    seconds: Spread
    """Simulated, to the common target."""
    megabytes: Spread
    """Of messages of all devices, to the common target."""
    joules: Spread
    """Of all devices, to the common target."""
    diverged: int
    """Seeds that diverged."""
    seeds: int
    """Finished seeds."""

    @property
    def gets_there(self) -> bool:
        """Whether it reaches the common target under all seeds for which there is one."""
        return 0 < self.rounds.reached == len(self.rounds.values)


class Results:
    """Reads what `jobs` has finished."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs, self.plan = jobs, jobs.plan

    def curves(self, place: Place, method: str) -> dict[int, Curve]:
        """Finished seeds and what they gave."""
        lr = self.jobs.lr(place, method)
        if lr is None:
            return {}
        return self._curves(self.plan.cells(place.task, place.setting, method, place.air, lr))

    def fixed_power(self, method: str) -> dict[int, Curve]:
        """The same of a method with a fixed power, in the base setting over random graphs."""
        return self._curves(self.jobs.figure_cells(method))

    def targets(self, place: Place) -> dict[int, float]:
        """The common target of each seed."""
        return {seed: SHARE * curve.best for seed, curve in self.curves(place, REFERENCE).items()}

    def measures(self, place: Place, method: str) -> Measures:
        """Of all finished seeds; to a common target where D-PSGD has finished as well."""
        curves, targets = self.curves(place, method), self.targets(place)
        paired = [(curve, targets[seed]) for seed, curve in curves.items() if seed in targets]
        return Measures(
            max_acc=spread(curve.best for curve in curves.values()),
            rounds=spread(curve.first(target) or np.nan for curve, target in paired),
            own_rounds=spread(curve.first(SHARE * curve.best) or np.nan for curve in curves.values()),
            seconds=spread(curve.at(curve.seconds, target) for curve, target in paired),
            megabytes=spread(curve.at(curve.bytes, target) / 1e6 for curve, target in paired),
            joules=spread(curve.at(curve.joules, target) for curve, target in paired),
            diverged=sum(curve.diverged for curve in curves.values()),
            seeds=len(curves),
        )

    def gains(self, place: Place) -> tuple[float, float]:
        """By how many percent HyperPrism is better than the best baseline: in Max Acc, and in Conv. Rds.

        (ours - best) / best of accuracies, (best - ours) / best of rounds to the common target, as 98.63 % = 1 - 1/73;
        NaN where a method has no seed yet, or a side does not get there under all its seeds.
        """
        found = {method: self.measures(place, method) for method in self.plan.methods}
        if not all(each.seeds for each in found.values()):
            return float("nan"), float("nan")
        ours, baselines = found[OURS], [each for method, each in found.items() if method != OURS]
        accuracy = max(each.max_acc.mean for each in baselines)
        fewest = min((each.rounds.mean for each in baselines if each.gets_there), default=np.nan)
        rounds = ours.rounds.mean if ours.gets_there else np.nan
        return 100 * (ours.max_acc.mean / accuracy - 1), 100 * (1 - rounds / fewest)

    def _curves(self, cells: Iterable[Cell]) -> dict[int, Curve]:
        return {cell.seed: self.jobs.store.curve(cell) for cell in cells if self.jobs.store.is_done(cell)}


def places(plan: Plan, task: Task, air: AirKind, column: Column, table: int) -> list[Place]:
    """The columns of a table."""
    return [Place(task, setting, air, column) for setting in plan.columns_of(table)]
