"""One number for each seed, and what they say together."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """One number for each seed, NaN for never."""

    values: tuple[float, ...]

    @property
    def reached(self) -> int:
        """Seeds that have a number."""
        return int(np.isfinite(self.values).sum())

    @property
    def mean(self) -> float:
        """Of those seeds; NaN where there is none."""
        return float(np.nanmean(self.values)) if self.reached else float("nan")

    @property
    def std(self) -> float:
        """Standard deviation over those seeds (divided by n - 1); NaN for fewer than two."""
        return float(np.nanstd(self.values, ddof=1)) if self.reached > 1 else float("nan")


def spread(values: Iterable[float]) -> Spread:
    """Of numbers in the order of their seeds."""
    return Spread(tuple(float(value) for value in values))
