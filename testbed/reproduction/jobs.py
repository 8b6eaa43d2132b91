"""What is left to do, the most wanted first, and doing one piece of it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from testbed.reproduction.grid import PAPER_LR, Cell, Place, Plan
from testbed.reproduction.scenarios import Air, air_of, air_scenario, cell_scenario
from testbed.reproduction.store import Job, Store, claimed, discard_other, write_diverged
from testbed.reproduction.tuning import Tuning
from testbed.session import record, run
from testbed.session.divergence import Diverged


@dataclass(frozen=True)
class Done:
    """How a job went."""

    job: Job
    seconds: float
    told: str
    failed: bool = False


class Jobs:
    """The jobs of a plan, as far as they are known: tuned cells become known when their tuning is finished."""

    def __init__(self, plan: Plan, store: Store, only_airs: bool = False) -> None:
        self.plan, self.store, self.tuning, self.only_airs = plan, store, Tuning(plan, store), only_airs

    def cells(self) -> list[Cell]:
        """All cells that are known, the most wanted first: the base's air, then seed by seed."""
        figures = (cell for method in self.plan.powers for cell in self.figure_cells(method))
        cells = list(dict.fromkeys([*self._tuning_cells(), *self._table_cells(), *figures]))
        return sorted(cells, key=self._rank)

    def airs(self) -> list[Air]:
        """All airs, each once, the quickest of a setting first."""
        found: dict[str, Air] = {}
        for cell in sorted((cell for cell in self._paper_cells() if cell.air == "ns3"), key=self._rank):
            found.setdefault((air := air_of(cell)).name, air)
        return sorted(found.values(), key=lambda air: (self._rank(air.cell)[:4], air.weight))

    def open(self) -> tuple[list[Air], list[Cell]]:
        """Airs not recorded yet, and cells that can be run now."""
        airs = [air for air in self.airs() if not self.store.is_done(air)]
        if self.only_airs:
            return airs, []
        missing = {air.name for air in airs}
        cells = [cell for cell in self.cells() if not self.store.is_done(cell)]
        return airs, [cell for cell in cells if cell.air == "graph" or air_of(cell).name not in missing]

    def count(self) -> tuple[int, int]:
        """How many are done, of how many that are known."""
        jobs: list[Job] = [*self.airs(), *([] if self.only_airs else self.cells())]
        return sum(map(self.store.is_done, jobs)), len(jobs)

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


def do(job: Job, root: Path, data_dir: Path | None) -> Done | None:
    """Record the air or run the cell; None where another process is at it. Raises UserError as these do."""
    store, began = Store(root), time.monotonic()
    with claimed(store.folder(job)) as mine:
        if not mine:
            return None
        if store.is_done(job):
            return Done(job, 0.0, "done meanwhile")
        told = _record(job, store) if isinstance(job, Air) else _run(job, store, data_dir)
    return Done(job, time.monotonic() - began, told)


def _record(air: Air, store: Store) -> str:
    trace = record(air_scenario(air), store.folder(air), resume=True)
    return f"{trace.exchanges[-1].closed_ns / 1e9:.1f} s simulated, density {trace.densities().mean():.3f}"


def _run(cell: Cell, store: Store, data_dir: Path | None) -> str:
    folder, scenario = store.folder(cell), cell_scenario(cell, store.air(cell))
    discard_other(folder, scenario)
    try:
        ran = run(scenario, folder, resume=True, data_dir=data_dir)
    except Diverged as error:
        write_diverged(folder, {"round": error.round_, "device": error.device, "sentence": str(error)})
        return f"diverged in round {error.round_ + 1}"
    return f"best accuracy {ran.best_accuracy:.4f}"
