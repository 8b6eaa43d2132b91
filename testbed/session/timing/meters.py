"""What is counted of every device in a period."""

from collections.abc import Callable
from statistics import fmean as mean

import numpy as np
from numpy.typing import NDArray

COUNTED = ("steps", "mixes", "refusals", "deadlines")
AVERAGED = ("staleness", "age_ns", "age_steps")
COLUMNS = (*COUNTED, "staleness_mean", "staleness_max", "age_ns_mean", "age_steps_mean")
"""Columns for the table of devices, NaN where there was nothing to take a mean of."""


class Meters:
    """Counters and samples of one period; docs/timing.md defines each."""

    def __init__(self, devices: int) -> None:
        self.compute_ns = np.zeros(devices, np.int64)
        self._counts = {name: np.zeros(devices, np.int64) for name in COUNTED}
        self._samples: dict[str, list[list[int]]] = {name: [[] for _ in range(devices)] for name in AVERAGED}

    def count(self, name: str, device: int) -> None:
        """One more."""
        self._counts[name][device] += 1

    def counted(self, name: str) -> NDArray[np.int64]:
        """(devices,)."""
        return self._counts[name]

    def sample(self, name: str, device: int, value: int) -> None:
        """One value, for the mean over the period."""
        self._samples[name][device].append(value)

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """By the names of COLUMNS, (devices,) each."""
        means = {f"{name}_mean": _each(mean, samples) for name, samples in self._samples.items()}
        largest = {"staleness_max": _each(max, self._samples["staleness"])}
        found = {name: counts.astype(np.float64) for name, counts in self._counts.items()} | means | largest
        return {name: found[name] for name in COLUMNS}


def _each(function: Callable[[list[int]], float], samples: list[list[int]]) -> NDArray[np.float64]:
    return np.array([function(mine) if mine else np.nan for mine in samples], np.float64)
