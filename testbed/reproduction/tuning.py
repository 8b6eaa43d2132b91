"""The learning rate of a method in a setting, chosen on held out training images.

Rates are half decades, 1 or 3 times a power of ten. Tried are those from .003 to .3, then further ones as long as the
best is at an end, down to 1e-5 and up to 10. Every fifth round is measured. The best has the highest mean accuracy of
these; a run that diverges is worse than any that does not. All are tried over random graphs, under one seed that is not
reported.
"""

from testbed.reproduction.curve import Curve
from testbed.reproduction.grid import TUNING_SEED, Cell, Plan, Setting, Task
from testbed.reproduction.store import Store

FIRST = range(-5, 0)
LOWEST, HIGHEST = -10, 2


def rate(level: int) -> float:
    """The learning rate of a half decade: 0 is 1, -1 is .3, -2 is .1."""
    return float(f"{(1, 3)[level % 2]}e{level // 2}")


class Tuning:
    """Learning rates as far as the cells in `store` tell them."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan, self._store = plan, store

    def setting(self, task: Task, setting: Setting) -> Setting:
        """The one that rates for `setting` are tuned in."""
        return self._plan.base if task.tuned_at_base else setting

    def lr(self, task: Task, setting: Setting, method: str) -> float | None:
        """The chosen rate; None as long as cells are open."""
        levels = self._levels(task, setting, method)
        if not self._are_done(task, setting, method, levels):
            return None
        return rate(self._best_of(task, setting, method, levels))

    def cells(self, task: Task, setting: Setting, method: str) -> list[Cell]:
        """Those that are known to be needed, rates ascending: done, or to be done before more can be said."""
        return [self._cell(task, setting, method, level) for level in self._levels(task, setting, method)]

    def tried(self, task: Task, setting: Setting, method: str) -> dict[float, Curve]:
        """Rates and what they gave, ascending; of finished cells alone."""
        cells = self.cells(task, setting, method)
        return {cell.lr: self._store.curve(cell) for cell in cells if self._store.is_done(cell)}

    def at_end(self, task: Task, setting: Setting, method: str) -> bool:
        """Whether the chosen rate is the lowest or highest that is ever tried."""
        return self.lr(task, setting, method) in (rate(LOWEST), rate(HIGHEST))

    def _levels(self, task: Task, setting: Setting, method: str) -> range:
        """The half decades to try: the first ones, and one more beyond an end that is the best so far."""
        levels = FIRST
        while self._are_done(task, setting, method, levels):
            best = self._best_of(task, setting, method, levels)
            if best == levels[0] > LOWEST:
                levels = range(levels[0] - 1, levels[-1] + 1)
            elif best == levels[-1] < HIGHEST:
                levels = range(levels[0], levels[-1] + 2)
            else:
                break
        return levels

    def _best_of(self, task: Task, setting: Setting, method: str, levels: range) -> int:
        def merit(level: int) -> tuple[bool, float]:
            curve = self._store.curve(self._cell(task, setting, method, level))
            return not curve.diverged, curve.best

        return max(levels, key=merit)

    def _are_done(self, task: Task, setting: Setting, method: str, levels: range) -> bool:
        return all(self._store.is_done(self._cell(task, setting, method, level)) for level in levels)

    def _cell(self, task: Task, setting: Setting, method: str, level: int) -> Cell:
        return Cell(task, self.setting(task, setting), method, "graph", rate(level), TUNING_SEED, tuning=True)
