"""The learning rate of a method in a setting, chosen on held out training images.

All rates are tried over random graphs, under one seed that is not reported; every fifth round is measured.
"""

from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.grid import TUNING_SEED, Setting, Task
from testbed.reproduction.hyperprism.plan import Plan
from testbed.reproduction.search import Search
from testbed.reproduction.store import Store
from testbed.results.curve import Curve


class Tuning:
    """Learning rates as far as the cells in `store` tell them."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._plan, self._store = plan, store

    def setting(self, task: Task, setting: Setting) -> Setting:
        """The one that rates for `setting` are tuned in."""
        return self._plan.base if task.tuned_at_base else setting

    def lr(self, task: Task, setting: Setting, method: str) -> float | None:
        """The chosen rate; None as long as cells are open."""
        return self._search(task, setting, method).lr()

    def cells(self, task: Task, setting: Setting, method: str) -> list[Cell]:
        """Those that are known to be needed, rates ascending."""
        return self._search(task, setting, method).cells()

    def tried(self, task: Task, setting: Setting, method: str) -> dict[float, Curve]:
        """Rates and what they gave, ascending; of finished cells alone."""
        return self._search(task, setting, method).tried()

    def at_end(self, task: Task, setting: Setting, method: str) -> bool:
        """Whether the chosen rate is the lowest or highest that is ever tried."""
        return self._search(task, setting, method).at_end()

    def _search(self, task: Task, setting: Setting, method: str) -> Search[Cell]:
        def cell(lr: float) -> Cell:
            return Cell(task, self.setting(task, setting), method, "graph", lr, TUNING_SEED, tuning=True)

        return Search(self._store, cell, task.first_of(method))
