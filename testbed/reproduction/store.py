"""What is kept of a reproduction: the store of its campaign, and what its cells gave."""

from pathlib import Path

from testbed import campaign
from testbed.results.curve import Curve, curve_of


class Store(campaign.Store):
    """Airs and cells in `root`, and the curves of finished cells."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._curves: dict[str, Curve] = {}

    def curve(self, cell: campaign.Cell) -> Curve:
        """What a finished cell gave."""
        if cell.name not in self._curves:
            self._curves[cell.name] = curve_of(self.folder(cell))
        return self._curves[cell.name]
