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
        """Those that a cell still needs."""
        waiting = (cell for cell in self.plan.cells if not self.store.is_done(cell))
        return list({cell.air.name: cell.air for cell in waiting if cell.air}.values())
