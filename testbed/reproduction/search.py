"""The learning rate of a method, chosen among half decades: 1 or 3 times a power of ten.

Tried are some at first, then further ones as long as the best is at an end, down to 1e-5 and up to 10. The best has the
highest mean accuracy of the rounds that were measured; a run that diverges is worse than any that does not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from testbed.campaign import Cell
from testbed.reproduction.store import Store
from testbed.results.curve import Curve

LOWEST, HIGHEST = -10, 2
C = TypeVar("C", bound=Cell)


def rate(level: int) -> float:
    """The learning rate of a half decade: 0 is 1, -1 is .3, -2 is .1."""
    return float(f"{(1, 3)[level % 2]}e{level // 2}")


@dataclass(frozen=True)
class Search(Generic[C]):
    """What the cells in `store` tell so far."""

    store: Store
    cell: Callable[[float], C]
    """That which tries a learning rate."""
    first: range
    """The half decades to begin with."""

    def lr(self) -> float | None:
        """The chosen rate; None as long as cells are open."""
        levels = self._levels()
        return rate(self._best_of(levels)) if self._are_done(levels) else None

    def cells(self) -> list[C]:
        """Those that are known to be needed, rates ascending: done, or to be done before more can be said."""
        return [self.cell(rate(level)) for level in self._levels()]

    def tried(self) -> dict[float, Curve]:
        """Rates and what they gave, ascending; of finished cells alone."""
        cells = {rate(level): self.cell(rate(level)) for level in self._levels()}
        return {lr: self.store.curve(cell) for lr, cell in cells.items() if self.store.is_done(cell)}

    def at_end(self) -> bool:
        """Whether the chosen rate is the lowest or highest that is ever tried."""
        return self.lr() in (rate(LOWEST), rate(HIGHEST))

    def _levels(self) -> range:
        """The half decades to try: the first ones, and one more beyond an end that is the best so far."""
        levels = self.first
        while self._are_done(levels):
            best = self._best_of(levels)
            if best == levels[0] > LOWEST:
                levels = range(levels[0] - 1, levels[-1] + 1)
            elif best == levels[-1] < HIGHEST:
                levels = range(levels[0], levels[-1] + 2)
            else:
                break
        return levels

    def _best_of(self, levels: range) -> int:
        def merit(level: int) -> tuple[bool, float]:
            curve = self.store.curve(self.cell(rate(level)))
            return not curve.diverged, curve.best

        return max(levels, key=merit)

    def _are_done(self, levels: range) -> bool:
        return all(self.store.is_done(self.cell(rate(level))) for level in levels)
