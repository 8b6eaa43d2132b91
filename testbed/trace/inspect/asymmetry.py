"""How far links of the two directions differ, among all that were heard, whether messages travel on them or not."""

from dataclasses import dataclass

import numpy as np

from testbed.trace.format import LinkRows
from testbed.trace.inspect.spans import Ints, Reals, distinct, pair_keys


@dataclass(frozen=True)
class Asymmetry:
    """One value per row of `links`."""

    delivery: Reals
    reverse: Reals
    """Delivery of the other direction at that time; NaN where there is none."""

    @property
    def one_way(self) -> float:
        """Share of the rows without one of the other direction at that time; NaN without rows."""
        return float(np.isnan(self.reverse).mean()) if len(self.reverse) else float("nan")

    @property
    def difference(self) -> float:
        """Mean |delivery_ij - delivery_ji| of those that have one; NaN without such rows."""
        both = ~np.isnan(self.reverse)
        return float(np.abs(self.delivery - self.reverse)[both].mean()) if both.any() else float("nan")


def asymmetry(links: LinkRows) -> Asymmetry:
    """Each row beside the latest one of the other direction that shares an instant with it."""
    order = np.lexsort([links.t_start_ns, pair_keys(links.src, links.dst)])
    start, end = links.t_start_ns[order], links.t_end_ns[order]
    key = pair_keys(links.src, links.dst)[order]
    found = _last_at_or_before(key, start, pair_keys(links.dst, links.src)[order], _last_instant(start, end))
    shared = (found >= 0) & (_last_instant(start, end)[found] >= start)
    delivery = links.delivery[order]
    return Asymmetry(delivery, np.where(shared, delivery[found], np.nan))


def _last_instant(start: Ints, end: Ints) -> Ints:
    """A row holds until before its end; a sample at its start alone."""
    return np.maximum(start, end - 1)


def _last_at_or_before(key: Ints, start: Ints, wanted: Ints, at: Ints) -> Ints:
    """For each `wanted` key, the last of its rows, which are by (key, start), to start at `at` or before; else -1."""
    keys = distinct(np.concatenate([key, wanted]))
    times = distinct(start)
    rows = np.searchsorted(keys, key) * (len(times) + 1) + np.searchsorted(times, start)
    asked = np.searchsorted(keys, wanted) * (len(times) + 1) + np.searchsorted(times, at, "right") - 1
    found = np.searchsorted(rows, asked, "right") - 1
    return np.where((found >= 0) & (key[found] == wanted), found, -1) if len(key) else found
