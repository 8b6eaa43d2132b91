"""The airs and cells of a sweep as jobs of a campaign."""

from testbed import campaign
from testbed.campaign.store import Store
from testbed.sweep.cell import Air, Cell
from testbed.sweep.plan import Plan


class Jobs(campaign.Jobs):
    """All of them are known from the beginning."""

    def __init__(self, plan: Plan, store: Store) -> None:
        super().__init__(store)
        self.plan = plan

    def cells(self) -> list[Cell]:
        return self.plan.cells

    def airs(self) -> list[Air]:
        return self.plan.airs

    def open(self) -> tuple[list[campaign.Air], list[campaign.Cell]]:
        """An air is open as long as a cell needs it that is not done."""
        airs, cells = super().open()
        needed = {cell.air.name for cell in self.plan.cells if cell.air and not self.store.is_done(cell)}
        return [air for air in airs if air.name in needed], cells

    def count(self) -> tuple[int, int]:
        """An air that no cell needs any more counts as done."""
        cells = sum(map(self.store.is_done, self.plan.cells))
        return cells + len(self.plan.airs) - len(self.open()[0]), len(self.plan.cells) + len(self.plan.airs)
