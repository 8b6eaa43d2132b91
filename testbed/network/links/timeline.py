"""Which links there are when: round by round where the trace was recorded so, else by the trace's own clock."""

from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import Links
from testbed.network.links.index import LinkIndex
from testbed.scenario.schema import Network as Settings
from testbed.trace import OPEN_NS, Trace

Array = NDArray[np.float64]


class Now(NamedTuple):
    """What a trace says of an instant."""

    links: Links
    x_m: Array
    """(devices,); NaN where the trace does not say."""
    y_m: Array


class Timeline(Protocol):
    """Where the links of a run come from."""

    def at(self, number: int, now_ns: int) -> Now:
        """In round or period `number`, at a simulated instant. UserError where the trace has ended."""

    def next_change(self, now_ns: int) -> int | None:
        """The next simulated instant at which links may be others, within a round or period."""


def timeline_of(trace: Trace, settings: Settings, rounds: int) -> Timeline:
    """By rounds or by the clock. Raises UserError where a recording is too short for `rounds` rounds."""
    return Rounds(trace, settings.at_end, rounds) if len(trace) else Clock(trace, settings)


class Rounds:
    """Round r, or period r, has the links of recorded round r."""

    def __init__(self, trace: Trace, at_end: str, rounds: int) -> None:
        if at_end == "error" and rounds > len(trace):
            raise UserError(
                f"The trace holds {len(trace)} rounds, the scenario asks for {rounds}: set run.rounds = {len(trace)}, "
                'or network.at_end = "loop" or "hold".'
            )
        self._trace, self._loop = trace, at_end == "loop"

    def at(self, number: int, now_ns: int) -> Now:
        """The recorded round; behind the last one the first again, or the last."""
        count = len(self._trace)
        exchange = self._trace.exchanges[number % count if self._loop else min(number, count - 1)]
        return Now(exchange.links, exchange.devices.x_m, exchange.devices.y_m)

    def next_change(self, now_ns: int) -> int | None:
        """Links are those of the round until it closes."""
        return None


class Clock:
    """Simulated instant t is `start + t / time_scale` of the trace, rounded down to its nanosecond."""

    def __init__(self, trace: Trace, settings: Settings) -> None:
        self._trace, self._at_end, self._index = trace, settings.at_end, LinkIndex(trace.links)
        first_ns, self._end_ns = extent(trace)
        self._start_ns = first_ns if settings.from_s is None else round(settings.from_s * 1e9)
        if settings.to_s is not None:
            self._end_ns = round(settings.to_s * 1e9)
        if self._end_ns is not None and self._end_ns <= self._start_ns:
            self._end_ns = self._start_ns + 1  # nothing but samples of one instant
        self._times, self._over = Fraction(repr(settings.time_scale)).as_integer_ratio()
        self._places = _Places(trace)

    def at(self, number: int, now_ns: int) -> Now:
        """The rows that hold at that instant, and the last places known."""
        time_ns = self._trace_ns(now_ns)
        rows, table = self._index.at(time_ns), self._trace.links
        links = Links.of(**{name: getattr(table, name)[rows] for name in Links.columns()})
        return Now(links, *self._places.at(time_ns))

    def next_change(self, now_ns: int) -> int | None:
        """When a row begins or ends, or the trace does."""
        if self._held(now_ns):
            return None
        time_ns = self._trace_ns(now_ns)
        changes = [each for each in (self._index.next_change(time_ns), self._end_ns) if each is not None]
        if not changes or min(changes) == OPEN_NS:
            return None
        # The first instant that is not before the change, by the whole numbers that `_elapsed` rounds down.
        elapsed = min(changes) - time_ns + self._elapsed(now_ns)
        return max(now_ns + 1, -(-elapsed * self._times // self._over))

    def _elapsed(self, now_ns: int) -> int:
        """Nanoseconds of the trace's time since the start."""
        return now_ns * self._over // self._times

    def _held(self, now_ns: int) -> bool:
        ended = self._end_ns is not None and self._elapsed(now_ns) >= self._end_ns - self._start_ns
        return ended and self._at_end == "hold"

    def _trace_ns(self, now_ns: int) -> int:
        elapsed = self._elapsed(now_ns)
        if self._end_ns is None or elapsed < self._end_ns - self._start_ns:
            return self._start_ns + elapsed
        if self._at_end == "error":
            raise UserError(
                f"The trace ends at {self._end_ns / 1e9:.9g} s of its own time, which simulated {now_ns / 1e9:.9g} s "
                'have reached: set network.at_end = "loop" or "hold", a larger network.time_scale, or fewer run.rounds.'
            )
        if self._at_end == "loop":
            return self._start_ns + elapsed % (self._end_ns - self._start_ns)
        return self._end_ns - 1


def extent(trace: Trace) -> tuple[int, int | None]:
    """The first and the last instant that a trace names; None where no row's end is known, which holds for ever."""
    links, places_ns = trace.links, trace.nodes.t_ns
    known_ns = links.t_end_ns[links.t_end_ns != OPEN_NS]
    times_ns = np.concatenate([links.t_start_ns, known_ns, places_ns])
    if not len(times_ns):
        return 0, None
    return int(times_ns.min()), int(times_ns.max()) if len(known_ns) else None


class _Places:
    """Where nodes are: at the last place known."""

    def __init__(self, trace: Trace) -> None:
        rows = trace.nodes
        order = np.lexsort((rows.t_ns, rows.node))
        self._t_ns, self._x_m, self._y_m = rows.t_ns[order], rows.x_m[order], rows.y_m[order]
        self._first = np.searchsorted(rows.node[order], np.arange(trace.header.nodes + 1)).tolist()

    def at(self, time_ns: int) -> tuple[Array, Array]:
        """(nodes,) of each; NaN before its first row."""
        bounds = zip(self._first, self._first[1:], strict=False)
        last = [low + int(np.searchsorted(self._t_ns[low:high], time_ns, "right")) - 1 for low, high in bounds]
        known = np.array(last, np.int64) >= np.array(self._first[:-1])
        x_m, y_m = (np.append(column, np.nan)[np.where(known, last, -1)] for column in (self._x_m, self._y_m))
        return x_m, y_m
