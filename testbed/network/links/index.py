"""Which link rows hold at an instant, found without looking at all of them."""

import numpy as np
from numpy.typing import NDArray

from testbed.trace import LinkRows

Ids = NDArray[np.int64]
STEP = 4096
"""Fewest rows between two instants at which the rows that hold are noted."""


class LinkIndex:
    """Rows of links that last, in order of their starts.

    At some instants the rows that hold are noted. Between two of these begin as many rows as hold at the first, STEP at
    the least: so all notes together are no longer than the table, and a look-up costs what holds.
    """

    def __init__(self, rows: LinkRows) -> None:
        lasting = np.flatnonzero(rows.t_end_ns > rows.t_start_ns)
        self._rows = lasting[np.argsort(rows.t_start_ns[lasting], kind="stable")]
        self._starts, self._ends = rows.t_start_ns[self._rows], rows.t_end_ns[self._rows]
        self._noted = [(0, np.empty(0, np.int64))]
        while (at := self._noted[-1][0] + max(STEP, len(self._noted[-1][1]))) < len(self._rows):
            self._noted.append((at, self._holding(at, int(self._starts[at]))))

    def at(self, time_ns: int) -> Ids:
        """The rows that hold at an instant, in order of their starts."""
        return self._rows[self._holding(int(np.searchsorted(self._starts, time_ns, "right")), time_ns)]

    def next_change(self, time_ns: int) -> int | None:
        """The first instant later at which a row begins or ends."""
        first = int(np.searchsorted(self._starts, time_ns, "right"))
        changes = [int(self._starts[first])] if first < len(self._starts) else []
        holding = self._holding(first, time_ns)
        if len(holding):
            changes.append(int(self._ends[holding].min()))
        return min(changes, default=None)

    def _holding(self, until: int, time_ns: int) -> Ids:
        """Of the rows before `until`, those that end after `time_ns`."""
        low, high = 0, len(self._noted)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._noted[middle][0] < until else (low, middle)
        begun, noted = self._noted[low]
        candidates: Ids = np.concatenate([noted, np.arange(begun, until)])
        return np.asarray(candidates[self._ends[candidates] > time_ns])
