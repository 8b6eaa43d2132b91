"""All that a campaign has to do, as far as it is known."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from testbed.campaign.job import Air, Cell, Job
from testbed.campaign.store import Store


class Jobs(ABC):
    """Some jobs become known when others are finished."""

    def __init__(self, store: Store, only_airs: bool = False) -> None:
        self.store, self.only_airs = store, only_airs

    @abstractmethod
    def cells(self) -> Sequence[Cell]:
        """All that are known, each once, the most wanted first."""

    @abstractmethod
    def airs(self) -> Sequence[Air]:
        """All airs, each once, the most wanted first."""

    def open(self) -> tuple[list[Air], list[Cell]]:
        """Airs not recorded yet, and cells that can be run now."""
        airs = [air for air in self.airs() if not self.store.is_done(air)]
        if self.only_airs:
            return airs, []
        missing = {air.name for air in airs}
        cells = [cell for cell in self.cells() if not self.store.is_done(cell)]
        return airs, [cell for cell in cells if (air := cell.recording()) is None or air.name not in missing]

    def count(self) -> tuple[int, int]:
        """How many are done, of how many that are known."""
        jobs: list[Job] = [*self.airs(), *([] if self.only_airs else self.cells())]
        return sum(map(self.store.is_done, jobs)), len(jobs)
