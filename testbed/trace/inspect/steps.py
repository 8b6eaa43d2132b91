"""A trace as a sequence of graphs: one a round, or one a window of time where there are no rounds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from testbed.errors import UserError
from testbed.trace.format import NO_ROUND
from testbed.trace.inspect.spans import Ints, Spans, bounds_ns, distinct, pair_keys
from testbed.trace.value import Trace

WINDOWS = 100
"""Windows, at most, of a trace for which none was stated; 40 at least, as their length is rounded up."""

LONGEST_S = 9e9
"""No window is longer: more than two centuries, in 64 bits of nanoseconds."""

MOST = 100_000
"""Windows beyond which nobody waits."""


@dataclass(frozen=True)
class Steps:
    """Pairs (src < dst) and the steps in which they are linked, from `first` to `last`; in order of `first`."""

    nodes: int
    count: int
    src: Ints
    dst: Ints
    first: Ints
    last: Ints
    window_s: float | None
    """How long a step lasts, 0 for a snapshot; None where it is a round."""

    @classmethod
    def of(cls, trace: Trace, contacts: Spans, window_s: float | None = None) -> "Steps":
        """Rounds where there are some. Else windows of `window_s`, by default a hundredth of the trace, rounded up to
        1, 2 or 5 times a power of ten; a pair belongs to each that its contact meets."""
        bounds, nodes = bounds_ns(trace), trace.header.nodes
        if trace.exchanges:
            rows = trace.links.neighbour & (trace.links.round != NO_ROUND)
            a, b = trace.links.src[rows].astype(np.int64), trace.links.dst[rows].astype(np.int64)
            rounds = trace.links.round[rows].astype(np.int64)
            return cls(nodes, len(trace), np.minimum(a, b), np.maximum(a, b), rounds, rounds, None)
        if bounds is None:
            return cls(nodes, 0, contacts.src, contacts.dst, contacts.start_ns, contacts.end_ns, window_s)
        window_ns = _window_ns(bounds[1] - bounds[0], window_s)
        window_s = window_ns / 1e9 if bounds[1] > bounds[0] else 0.0
        order = np.argsort(contacts.start_ns, kind="stable")
        start, end = contacts.start_ns[order], np.minimum(contacts.end_ns[order], bounds[1])
        first, last = (start - bounds[0]) // window_ns, (end - 1 - bounds[0]) // window_ns
        # A contact that begins with the last instant opens no window of its own.
        count = max(-(-(bounds[1] - bounds[0]) // window_ns), 1)
        first = np.minimum(first, count - 1)
        return cls(nodes, count, contacts.src[order], contacts.dst[order], first, np.maximum(first, last), window_s)

    def graphs(self) -> Iterator[Ints]:
        """The keys of the pairs of each step, each once, in order."""
        edges = np.searchsorted(self.first, np.arange(self.count + 1))
        keys = pair_keys(self.src, self.dst)
        open_keys, open_last = keys[:0], self.last[:0]
        for step in range(self.count):
            new = slice(edges[step], edges[step + 1])
            still = open_last >= step
            open_keys = np.concatenate([open_keys[still], keys[new]])
            open_last = np.concatenate([open_last[still], self.last[new]])
            yield distinct(open_keys)


def _window_ns(span_ns: int, window_s: float | None) -> int:
    """Raises UserError for a window that is none, or so short that there were more than MOST."""
    if window_s is None:
        wanted = max(span_ns / WINDOWS, 1)
        power = 10 ** int(np.floor(np.log10(wanted)))
        return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= wanted)
    window_ns = round(min(window_s, LONGEST_S) * 1e9) if np.isfinite(window_s) else 0
    if window_ns <= 0:
        raise UserError(f"A window of {window_s:g} s is none: --window takes seconds above 0.")
    if span_ns / window_ns > MOST:
        raise UserError(
            f"This trace lasts {span_ns / 1e9:g} s, which are more than {MOST} windows of {window_s:g} s: "
            f"take --window {float(f'{1.01 * span_ns / 1e9 / MOST:.2g}'):g} or more."
        )
    return window_ns
