"""Who is away when, asked for any stretch of simulated time."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from testbed.devices.churn_file import read_intervals
from testbed.devices.markov import Markov
from testbed.errors import UserError
from testbed.exchange import Absences
from testbed.scenario.schema import Devices as Settings

SHORTEST_S = 0.001
"""Of the mean times in `devices.churn_s`: shorter ones only make millions of intervals."""

Intervals = Sequence[tuple[int, int]]


class Source(Protocol):
    """Where intervals come from: half-open, in order, those of a device apart."""

    @property
    def leaving(self) -> Sequence[int]:
        """Devices that are ever away, ascending."""

    def between(self, device: int, from_ns: int, until_ns: int) -> Intervals:
        """Those of a device that meet [from_ns, until_ns), whole."""


class Churn:
    """The absences of all devices: a function of time alone, however far and in whatever order anybody looks."""

    def __init__(self, devices: int, source: Source) -> None:
        self._devices, self._source = devices, source

    def between(self, from_ns: int, until_ns: int) -> Absences:
        """All absences that meet [from_ns, until_ns), by device and time, each from its beginning to its end."""
        rows = [
            (device, *interval)
            for device in self._source.leaving
            for interval in self._source.between(device, from_ns, until_ns)
        ]
        device, begin, end = zip(*rows, strict=True) if rows else ((), (), ())
        return Absences.of(device=device, from_ns=begin, until_ns=end)

    def back_ns(self, time_ns: int) -> NDArray[np.int64]:
        """(devices,) when each is here again: `time_ns` where it is not away."""
        back = np.full(self._devices, time_ns, dtype=np.int64)
        away = self.between(time_ns, time_ns + 1)
        back[away.device] = away.until_ns
        return back


def churn(settings: Settings, seed: int) -> Churn:
    """The churn that a scenario asks for. Raises UserError for a bad file, or times that are too short."""
    if settings.churn_s is not None:
        if min(settings.churn_s) < SHORTEST_S:
            raise UserError(f"devices.churn_s = {list(settings.churn_s)} should be times of at least {SHORTEST_S:g} s.")
        return Churn(settings.count, Markov(settings.count, seed, *settings.churn_s))
    if settings.churn_file is not None:
        return Churn(settings.count, Listed(read_intervals(settings.churn_file, settings.count)))
    return Churn(settings.count, Listed([[]] * settings.count))


class Listed:
    """Intervals that are all known: `intervals[device]`, in order."""

    def __init__(self, intervals: Sequence[Intervals]) -> None:
        self.leaving = [device for device, each in enumerate(intervals) if each]
        self._intervals = [np.array(each, dtype=np.int64).reshape(-1, 2) for each in intervals]

    def between(self, device: int, from_ns: int, until_ns: int) -> Intervals:
        begins, ends = self._intervals[device].T
        first, last = np.searchsorted(ends, from_ns, "right"), np.searchsorted(begins, until_ns, "left")
        return [(int(begin), int(end)) for begin, end in self._intervals[device][first:last]]
