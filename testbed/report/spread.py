"""One number for each seed, and what they say together."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Reals = NDArray[np.float64]

LEVEL = 0.95
"""Of all intervals."""


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

    @property
    def half(self) -> float:
        """Half the confidence interval of the mean, by Student's t over those seeds; NaN for fewer than two."""
        found = np.array(self.values)[np.isfinite(self.values)]
        return float(half_width(found[:, None])[0]) if self.reached > 1 else float("nan")


def half_width(values: Reals) -> Reals:
    """(points,): of the confidence intervals of the means over seeds, by Student's t, of values (seeds, points)."""
    seeds = len(values)
    error = values.std(0, ddof=1) / np.sqrt(seeds)
    return np.asarray(stats.t.ppf((1 + LEVEL) / 2, seeds - 1) * error)


def spread(values: Iterable[float]) -> Spread:
    """Of numbers in the order of their seeds."""
    return Spread(tuple(float(value) for value in values))
