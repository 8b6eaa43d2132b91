"""Matchings of a round's graph: who is whose partner.

A matching is a set of links no two of which share a device. The same numbers come out here and in the engine
(`ns3_scenarios/engine/matching.h`), as both sort links by the same hash.
"""

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import A_PARTNER, ALL_NEIGHBOURS, ONE_PAIR, Outbox
from testbed.seeds import Purpose, integer

ALONE = -1
"""Partner of a device that has none."""


def round_seed(seed: int, round_: int) -> int:
    """Of the matchings of a round, under the scenario's seed."""
    return integer(seed, Purpose.MATCHING, round_)


def matching(graph: NDArray[np.bool_], seed: int, pairs: int | None = None) -> NDArray[np.int32]:
    """(devices,) the partner of each in a random maximal matching of `graph` (devices, devices), or ALONE.

    Links that go both ways are taken in a random order, each if its ends have no partner yet; until there are `pairs`
    pairs, where a number is stated.
    """
    a, b = np.nonzero(np.triu(graph & graph.T, 1))
    order = np.argsort(_hashes(seed, a, b), kind="stable")
    partner = np.full(len(graph), ALONE, np.int32)
    for link in _greedy(a[order], b[order], len(graph))[:pairs]:
        i, j = a[order[link]], b[order[link]]
        partner[i], partner[j] = j, i
    return partner


def addressed(outbox: Outbox, graph: NDArray[np.bool_], seed: int) -> Outbox:
    """The messages of one exchange, matched devices in the place of A_PARTNER and ONE_PAIR; who has no partner sends
    nothing."""
    dst = outbox.dst.copy()
    for code, pairs in ((A_PARTNER, None), (ONE_PAIR, 1)):
        if (rows := outbox.dst == code).any():
            dst[rows] = matching(graph, seed, pairs)[outbox.src[rows]]
    kept = (dst != ALONE) | (outbox.dst == ALL_NEIGHBOURS)
    return Outbox(outbox.src[kept], dst[kept], outbox.size_bytes[kept], outbox.ready_ns[kept])


def _greedy(a: NDArray[np.int64], b: NDArray[np.int64], devices: int) -> list[int]:
    """Places of the links that are taken, ascending: each whose ends are not those of one taken before.

    A link that comes first at both its ends is taken whatever comes between; so all of those are taken at once.
    """
    taken: list[int] = []
    left = np.arange(len(a))
    while len(left):
        first = np.full(devices, len(a))
        np.minimum.at(first, a[left], left)
        np.minimum.at(first, b[left], left)
        chosen = left[(first[a[left]] == left) & (first[b[left]] == left)]
        taken.extend(chosen.tolist())
        used = np.zeros(devices, bool)
        used[a[chosen]] = used[b[chosen]] = True
        left = left[~(used[a[left]] | used[b[left]])]
    return sorted(taken)


def _hashes(seed: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each link (a, b) with a < b: SplitMix64 of the seed, then of each end added to what came before."""
    state = _mixed(np.full(len(a), seed, np.uint64))
    return _mixed(_mixed(state + a.astype(np.uint64)) + b.astype(np.uint64))


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One step of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
