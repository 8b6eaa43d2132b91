"""Devices that come and go by a two-state Markov process.

A device is here for an exponential time of mean `here_s`, then away for one of mean `away_s`, and so on. It starts in
the steady state: away with probability away_s / (here_s + away_s); what is left of the first time is exponential as
well, for that distribution has no memory.
"""

from bisect import bisect_left, bisect_right

import numpy as np

from testbed.seeds import Purpose, generator

BLOCK = 64
"""Times drawn at once."""


class Markov:
    """Intervals drawn as far as they are asked for, each device from its own stream, in the order of time."""

    def __init__(self, devices: int, seed: int, here_s: float, away_s: float) -> None:
        self.leaving = range(devices)
        self._devices = [Coming(generator(seed, Purpose.CHURN, device), here_s, away_s) for device in range(devices)]

    def between(self, device: int, from_ns: int, until_ns: int) -> list[tuple[int, int]]:
        return self._devices[device].between(from_ns, until_ns)


class Coming:
    """One device's intervals."""

    def __init__(self, stream: np.random.Generator, here_s: float, away_s: float) -> None:
        self._stream, self._means_s = stream, (here_s, away_s)
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._away = bool(stream.random() < away_s / (here_s + away_s))
        self._known_ns = 0

    def between(self, from_ns: int, until_ns: int) -> list[tuple[int, int]]:
        while self._known_ns <= until_ns:
            self._extend()
        first, last = bisect_right(self._ends, from_ns), bisect_left(self._begins, until_ns)
        return list(zip(self._begins[first:last], self._ends[first:last], strict=True))

    def _extend(self) -> None:
        """The next BLOCK times; each at least 1 ns, so that intervals stay apart and time moves."""
        for draw in self._stream.standard_exponential(BLOCK):
            begin_ns = self._known_ns
            self._known_ns += max(1, round(draw * self._means_s[self._away] * 1e9))
            if self._away:
                self._begins.append(begin_ns)
                self._ends.append(self._known_ns)
            self._away = not self._away
