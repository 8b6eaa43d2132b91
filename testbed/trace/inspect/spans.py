"""Links as intervals of time: the directed ones, the contacts of pairs, and the share of a trace that each fills.

A *link* is a row of table `links` with `neighbour`; those that a radio heard too seldom to count are none. A *contact*
is a maximal interval in which two nodes are linked in at least one direction; a sample is one of length 0.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from testbed.trace.format import OPEN_NS, LinkRows
from testbed.trace.value import Trace

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Spans:
    """Maximal intervals by (src, dst), in order of (src, dst, start); those of one pair neither touch nor overlap."""

    src: Ints
    dst: Ints
    start_ns: Ints
    end_ns: Ints
    """OPEN_NS where it is not known; equal to the start for a sample."""

    @classmethod
    def directed(cls, links: LinkRows) -> Self:
        """Of every directed link."""
        rows = links.neighbour
        return cls._merged(links.src[rows], links.dst[rows], links.t_start_ns[rows], links.t_end_ns[rows])

    @classmethod
    def contacts(cls, links: LinkRows) -> Self:
        """Of every pair, `src` being its lower node."""
        rows = links.neighbour
        a, b = links.src[rows], links.dst[rows]
        return cls._merged(np.minimum(a, b), np.maximum(a, b), links.t_start_ns[rows], links.t_end_ns[rows])

    @classmethod
    def _merged(cls, src: NDArray[np.int32], dst: NDArray[np.int32], start: Ints, end: Ints) -> Self:
        key = pair_keys(src, dst)
        order = np.lexsort((start, key))
        key, start, end = key[order], start[order], end[order]
        reach = latest_ends(key, end)
        first = np.ones(len(key), bool)
        first[1:] = (key[1:] != key[:-1]) | (start[1:] > reach[:-1])
        last = np.append(first[1:], True)[: len(key)]
        return cls(key[first] >> 32, key[first] & 0xFFFFFFFF, start[first], reach[last])

    def __len__(self) -> int:
        return len(self.src)

    @property
    def ended(self) -> NDArray[np.bool_]:
        return np.not_equal(self.end_ns, OPEN_NS)

    def pairs(self) -> int:
        """How many different (src, dst) there are."""
        return len(distinct(pair_keys(self.src, self.dst)))

    def durations_s(self) -> Reals:
        """Of those whose end is known, in seconds."""
        return np.asarray((self.end_ns - self.start_ns)[self.ended] / 1e9)

    def gaps_s(self) -> Reals:
        """Seconds from the end of each to the start of the next of the same pair."""
        key = pair_keys(self.src, self.dst)
        same = key[1:] == key[:-1]
        return np.asarray((self.start_ns[1:] - self.end_ns[:-1])[same] / 1e9)

    def shares(self, start_ns: int, end_ns: int) -> Reals:
        """Share of the time from `start_ns` to `end_ns` that each fills.

        Where no span has a length, be it a snapshot or samples alone: the share of the instants that were sampled.
        """
        length = np.minimum(self.end_ns, end_ns) - np.maximum(self.start_ns, start_ns)
        if length.any():
            return np.asarray(length / (end_ns - start_ns))
        return np.full(len(self), 1 / max(len(distinct(self.start_ns)), 1))


def pair_keys(src: NDArray[np.integer], dst: NDArray[np.integer]) -> Ints:
    """One number a pair, in order of (src, dst)."""
    return (src.astype(np.int64) << 32) | dst.astype(np.int64)


def distinct(values: Ints) -> Ints:
    """The different values in order. By sorting: np.unique hashes, which takes several times as long for many rows."""
    ordered = np.sort(values)
    new = np.ones(len(ordered), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def latest_ends(key: Ints, end: Ints) -> Ints:
    """For rows in order of their keys, the latest end so far of each one's key."""
    # By ranks of the ends, so that key and end fit one rising integer.
    ends, rank = np.unique(end, return_inverse=True)
    group = np.cumsum(np.diff(key, prepend=key[:1]) != 0)
    return np.asarray(ends[np.maximum.accumulate(group * len(ends) + rank) % max(len(ends), 1)], np.int64)


def bounds_ns(trace: Trace) -> tuple[int, int] | None:
    """First and last time that the trace knows; None if it knows none."""
    if trace.exchanges:
        return trace.exchanges[0].opened_ns, trace.exchanges[-1].closed_ns
    ends = trace.links.t_end_ns[trace.links.t_end_ns != OPEN_NS]
    times = np.concatenate([trace.links.t_start_ns, ends, trace.nodes.t_ns])
    return (int(times.min()), int(times.max())) if len(times) else None
