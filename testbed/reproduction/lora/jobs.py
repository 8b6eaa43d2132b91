"""What is left to do, the most wanted first."""

from collections.abc import Iterator

from testbed import campaign
from testbed.reproduction.air import Air
from testbed.reproduction.lora.cells import Cell
from testbed.reproduction.lora.methods import METHODS, WHOLE
from testbed.reproduction.lora.plan import Place, Plan
from testbed.reproduction.lora.tasks import Task
from testbed.reproduction.search import Search
from testbed.reproduction.store import Store

TUNING_SEED = 0
"""Learning rates are tuned under it; reported are the seeds from 1 on."""
FIRST = range(-5, -1)
"""Half decades that are tried at first: .003 to .1."""
AIRED_LR = 0.01
"""Any: an air does not depend on it."""


class Jobs(campaign.Jobs):
    """The airs and cells of a plan; cells become known when their learning rates are."""

    store: Store

    def __init__(self, plan: Plan, store: Store, only_airs: bool = False) -> None:
        super().__init__(store, only_airs)
        self.plan = plan

    def cells(self) -> list[Cell]:
        """Task by task and seed by seed: the base skew and budget, references before all others."""
        found = [cell for place, method in self._lines() for cell in self.line(place, method)]
        return sorted(dict.fromkeys([*self._tuning(), *found]), key=self._rank)

    def airs(self) -> list[Air[Cell]]:
        """In the order of the cells that play them, of a seed and place the quickest first."""
        found: dict[str, tuple[tuple[int, ...], Air[Cell]]] = {}
        cells = [cell for place, method in self._lines() for cell in self._cells(place, method, AIRED_LR)]
        for cell in sorted(cells, key=self._rank):
            if air := cell.recording():
                found.setdefault(air.name, ((*self._rank(cell)[:4], air.weight), air))
        return [air for _, air in sorted(found.values(), key=lambda each: each[0])]

    def line(self, place: Place, method: str) -> list[Cell]:
        """The cells of a method in a place, one for each seed; none where it makes no sense, and none as long as its
        learning rate is not known."""
        if method not in self.plan.lines(place):
            return []
        lr = self.lr(place.task, method)
        return [] if lr is None else self._cells(place, method, lr)

    def lr(self, task: Task, method: str) -> float | None:
        """The learning rate of a method; None where its tuning is not finished."""
        return task.lr or self.search(task, method).lr()

    def search(self, task: Task, method: str) -> Search[Cell]:
        """For a learning rate: at the base skew and budget, for all others, too."""
        budget = self.plan.tuned_with(task, method)

        def cell(lr: float) -> Cell:
            return Cell(task, task.alphas[0], method, budget, lr, TUNING_SEED, tuning=True)

        return Search(self.store, cell, FIRST)

    def _cells(self, place: Place, method: str, lr: float) -> list[Cell]:
        budget = 0 if method in WHOLE else place.budget
        return [Cell(place.task, place.alpha, method, budget, lr, seed) for seed in range(1, self.plan.seeds + 1)]

    def _tuning(self) -> Iterator[Cell]:
        for task in self.plan.tasks:
            methods = dict.fromkeys(method for place, method in self._lines() if place.task == task)
            for method in methods if task.lr is None else ():
                yield from self.search(task, method).cells()

    def _lines(self) -> Iterator[tuple[Place, str]]:
        for task in self.plan.tasks:
            for place in self.plan.places(task):
                yield from ((place, method) for method in self.plan.lines(place))

    def _rank(self, cell: Cell) -> tuple[int, ...]:
        """The seed of tuning is the first."""
        task = cell.task
        budget = 0 if cell.budget in (0, task.base_budget) or cell.tuning else 1 + task.budgets.index(cell.budget)
        order = [*WHOLE, *METHODS].index(cell.method)
        return self.plan.tasks.index(task), task.alphas.index(cell.alpha), budget, cell.seed, order
