"""A frame on the air, and what disturbs it."""

import numpy as np
from numpy.typing import NDArray

from testbed.network.links.radio import PREAMBLE_NS, STEEPNESS
from testbed.network.links.snapshot import Ids, Reach

NOBODY: Ids = np.empty(0, np.int64)


class Frame:
    """On the air, or about to be."""

    reach: Reach
    row: NDArray[np.float64]
    """(devices,) power at each."""

    def __init__(self, src: int, size_bytes: int, rate_bps: int) -> None:
        self.src, self.size_bytes, self.rate_bps = src, size_bytes, rate_bps
        self.begins_ns = self.ends_ns = 0
        self.rivals: list[Frame] = []
        """Those on the air at the same time."""
        self.who = NOBODY
        """Devices that take part in it."""
        self.broken = False

    def errors(self, scale: float) -> NDArray[np.float64]:
        """Minus the logarithm of each one's chance to understand it, over the stretches in which the same disturbs."""
        who, begins_ns = self.who, min(self.begins_ns + PREAMBLE_NS, self.ends_ns)
        power, found = self.row[who], np.zeros(len(who))
        rivals = [rival for rival in self.rivals if rival.ends_ns > begins_ns]
        rows = [rival.row[who] for rival in rivals]
        ends = {rival.begins_ns for rival in rivals} | {rival.ends_ns for rival in rivals} | {self.ends_ns}
        for end_ns in sorted(each for each in ends if begins_ns < each <= self.ends_ns):
            noise: NDArray[np.float64] | float = 1.0
            for rival, row in zip(rivals, rows, strict=True):
                if rival.begins_ns < end_ns and rival.ends_ns >= end_ns:
                    noise = noise + row
            found += (end_ns - begins_ns) * (noise / power) ** STEEPNESS
            begins_ns = end_ns
        return found * scale
