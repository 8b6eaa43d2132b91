"""What is left to do, the most wanted first."""

from collections.abc import Iterator
from itertools import product

from testbed import campaign
from testbed.reproduction.air import Air
from testbed.reproduction.hyperprism.cells import Cell, air_of
from testbed.reproduction.hyperprism.grid import PAPER_LR
from testbed.reproduction.hyperprism.plan import Place, Plan
from testbed.reproduction.hyperprism.tuning import Tuning
from testbed.reproduction.store import Store


class Jobs(campaign.Jobs):
    """The jobs of a plan, as far as they are known: tuned cells become known when their tuning is finished."""

    store: Store

    def __init__(self, plan: Plan, store: Store, only_airs: bool = False) -> None:
        super().__init__(store, only_airs)
        self.plan, self.tuning = plan, Tuning(plan, store)

    def cells(self) -> list[Cell]:
        """All cells that are known, the most wanted first: the base's air, then seed by seed."""
        figures = (cell for method in self.plan.powers for cell in self.figure_cells(method))
        cells = list(dict.fromkeys([*self._tuning_cells(), *self._table_cells(), *figures]))
        return sorted(cells, key=self._rank)

    def airs(self) -> list[Air[Cell]]:
        """All airs, each once; of a setting the quickest first, among them that which most methods play."""
        found: dict[str, list[Air[Cell]]] = {}
        for cell in sorted((cell for cell in self._paper_cells() if cell.air == "ns3"), key=self._rank):
            found.setdefault((air := air_of(cell)).name, []).append(air)
        wanted = sorted(found.values(), key=lambda same: (self._rank(same[0].cell)[:4], same[0].weight, -len(same)))
        return [same[0] for same in wanted]

    def lr(self, place: Place, method: str) -> float | None:
        """The learning rate there; None where its tuning is not finished."""
        return PAPER_LR if place.column == "paper" else self.tuning.lr(place.task, place.setting, method)

    def _paper_cells(self) -> Iterator[Cell]:
        for place, method in self._lines():
            yield from self.plan.cells(place.task, place.setting, method, place.air, PAPER_LR)

    def _table_cells(self) -> Iterator[Cell]:
        for place, method in self._lines():
            if lr := self.lr(place, method):
                yield from self.plan.cells(place.task, place.setting, method, place.air, lr)

    def _tuning_cells(self) -> Iterator[Cell]:
        for place, method in self._lines():
            if place.column == "tuned":
                yield from self.tuning.cells(place.task, place.setting, method)

    def _lines(self) -> Iterator[tuple[Place, str]]:
        return product(self.plan.places(), self.plan.methods)

    def figure_cells(self, method: str) -> list[Cell]:
        """Those of a method with a fixed power, for the figures: in the base setting of the first data set."""
        return self.plan.cells(self.plan.tasks[0], self.plan.base, method, "graph", PAPER_LR)

    def _rank(self, cell: Cell) -> tuple[int, bool, int, int, int, int]:
        """The seed of tuning is the first."""
        plan, settings = self.plan, self.plan.settings()
        elsewhere = (cell.setting.density, cell.setting.devices) != (plan.base.density, plan.base.devices)
        method = list(plan.methods).index(cell.method) if cell.method in plan.methods else len(plan.methods)
        place = settings.index(cell.setting)
        return plan.tasks.index(cell.task), elsewhere, cell.seed, place, int(cell.air == "ns3"), method
