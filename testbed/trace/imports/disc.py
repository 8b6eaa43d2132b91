"""The disc model: who is nearer than a range to whom, and when, as nodes move along straight legs.

Within a leg of two nodes their distance is the root of a quadratic in time, so the instants at which it crosses the
range are solved for; nothing is sampled. Time goes in steps that bound what is looked at together: pairs that no way of
a step can bring within range are found by a k-d tree and passed over.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


class Contacts(NamedTuple):
    """Pairs (`a` < `b`) and when they are within range, in order of pair and start."""

    a: Ints
    b: Ints
    start_ns: Ints
    end_ns: Ints


class Ways:
    """The legs of all nodes (each in rows `from_s, x_m, y_m, x_mps, y_mps`), looked at from one instant to the next."""

    def __init__(self, legs: Sequence[Reals], from_s: float) -> None:
        self.nodes = len(legs)
        self.rows = np.concatenate(legs)
        self._node = np.repeat(np.arange(len(legs)), [len(each) for each in legs])
        self._by_time = np.lexsort((np.arange(len(self.rows)), self.rows[:, 0]))
        self._begins = self.rows[self._by_time, 0]
        self.now = np.cumsum([0, *(len(each) for each in legs[:-1])])
        """The leg that each node is on."""
        self._passed = 0
        self.pass_to(from_s)

    def turns(self, until_s: float) -> tuple[Ints, Ints]:
        """Nodes, and the legs that they take up before an instant, in order of time."""
        legs = self._by_time[self._passed : np.searchsorted(self._begins, until_s)]
        return self._node[legs], legs

    def pass_to(self, at_s: float) -> None:
        """Make `at_s` the present: every node on the last leg that has begun."""
        end = int(np.searchsorted(self._begins, at_s, "right"))
        legs = self._by_time[self._passed : end]
        np.maximum.at(self.now, self._node[legs], legs)
        self._passed = end

    def places(self, legs: Ints, at_s: Reals | float) -> Reals:
        """(legs, 2) metres, on each leg at an instant."""
        rows = self.rows[legs]
        found: Reals = rows[:, 1:3] + rows[:, 3:] * np.asarray(at_s - rows[:, 0])[:, None]
        return found


def contacts(ways: Ways, range_m: float, instants: Iterable[float]) -> Iterator[Contacts]:
    """The contacts between the first and the last of the instants, those that end in a step after it.

    `ways` is to stand at the first instant. Every contact is whole: it is given once, however many steps it lasts.
    """
    held = Contacts(*(np.empty(0, np.int64) for _ in range(4)))
    steps = iter(instants)
    start_s = next(steps)
    for end_s in steps:
        found = _joined(held, _within(ways, range_m, start_s, end_s))
        lasting = found.end_ns == nanoseconds(end_s)
        yield Contacts(*(column[~lasting] for column in found))
        held = Contacts(*(column[lasting] for column in found))
        ways.pass_to(end_s)
        start_s = end_s
    yield held


def nanoseconds(seconds: Reals | float) -> Ints:
    """Nearest whole nanoseconds."""
    return np.rint(np.asarray(seconds) * 1e9).astype(np.int64)


def _within(ways: Ways, range_m: float, start_s: float, end_s: float) -> Contacts:
    """The contacts of one step; those that go on beyond a turn are in pieces that touch."""
    turns = ways.turns(end_s)
    a, b = _candidates(ways, range_m, start_s, end_s, turns)
    pair, from_s, leg_a, leg_b = _pieces(ways, a, b, start_s, turns)
    until_s = np.append(from_s[1:], end_s)
    until_s[np.append(pair[1:] != pair[:-1], True)] = end_s
    if not len(pair):
        until_s = from_s
    first_s, last_s = _crossings(ways, leg_a, leg_b, from_s, until_s, range_m)
    starts, ends = nanoseconds(first_s), nanoseconds(last_s)
    some = (first_s < last_s) & (starts < ends)
    return Contacts(a[pair[some]], b[pair[some]], starts[some], ends[some])


def _candidates(
    ways: Ways, range_m: float, start_s: float, end_s: float, turns: tuple[Ints, Ints]
) -> tuple[Ints, Ints]:
    """Pairs that may come within range in a step: nearer at its start than the range and the ways of both."""
    here = ways.places(ways.now, start_s)
    reach = _reach(ways, here, end_s, turns)
    far = np.flatnonzero(reach > range_m)  # these few are held against all: one would widen the search of the tree
    slow = reach <= range_m
    near = range_m + 2 * (reach[slow].max() if slow.any() else 0.0)
    places = np.flatnonzero(slow)
    tree = cKDTree(here[slow]) if len(places) else None
    pairs = places[tree.query_pairs(near, output_type="ndarray")] if tree else np.empty((0, 2), np.int64)
    others = np.stack(np.broadcast_arrays(far[:, None], np.arange(ways.nodes)), axis=-1).reshape(-1, 2)
    others = others[(others[:, 0] < others[:, 1]) | (slow[others[:, 1]] & (others[:, 0] != others[:, 1]))]
    a, b = np.sort(np.concatenate([pairs, others]), axis=1).T
    apart = np.hypot(*(here[a] - here[b]).T)
    maybe = apart <= (range_m + reach[a] + reach[b]) * (1 + 1e-9)
    order = np.lexsort((b[maybe], a[maybe]))
    return a[maybe][order], b[maybe][order]


def _reach(ways: Ways, here: Reals, end_s: float, turns: tuple[Ints, Ints]) -> Reals:
    """How far from its place each node gets in the step: on straight legs it is farthest at one of their ends."""
    nodes, legs = turns
    reach = np.zeros(ways.nodes)
    np.maximum.at(reach, nodes, np.hypot(*(ways.rows[legs, 1:3] - here[nodes]).T))
    last = ways.now.copy()
    np.maximum.at(last, nodes, legs)
    return np.maximum(reach, np.hypot(*(ways.places(last, end_s) - here).T))


def _pieces(ways: Ways, a: Ints, b: Ints, start_s: float, turns: tuple[Ints, Ints]) -> tuple[Ints, Reals, Ints, Ints]:
    """The times in which neither node of a pair turns: the pair's number, the start, and the leg of either."""
    order = np.argsort(turns[0], kind="stable")
    nodes, legs = turns[0][order], turns[1][order]
    first = np.searchsorted(nodes, np.arange(ways.nodes + 1))
    count = np.arange(len(a))
    parts = [(count, np.full(len(a), start_s), ways.now[a], ways.now[b])]
    for ends, is_a in ((a, True), (b, False)):
        many = first[ends + 1] - first[ends]
        pair = np.repeat(count, many)
        place = np.arange(len(pair)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first[ends], many)
        leg, unknown = legs[place], np.full(len(pair), -1)
        parts.append((pair, ways.rows[leg, 0], leg, unknown) if is_a else (pair, ways.rows[leg, 0], unknown, leg))
    pair, from_s, leg_a, leg_b = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((np.maximum(leg_a, leg_b), from_s, pair))
    return pair[order], from_s[order], _carried(leg_a[order]), _carried(leg_b[order])


def _carried(legs: Ints) -> Ints:
    """Each unknown leg (-1) becomes the last one known; the first row of a pair knows both."""
    known = np.maximum.accumulate(np.where(legs >= 0, np.arange(len(legs)), 0))
    return legs[known]


def _crossings(ways: Ways, a: Ints, b: Ints, from_s: Reals, until_s: Reals, range_m: float) -> tuple[Reals, Reals]:
    """From when to when, within each piece, the two are within range; not before the end where they never are.

    |d + v t|^2 = r^2 is v.v t^2 + 2 d.v t + d.d - r^2 = 0, solved so that no digits cancel.
    """
    apart = ways.places(a, from_s) - ways.places(b, from_s)
    speed = ways.rows[a, 3:] - ways.rows[b, 3:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        square, mixed = (speed**2).sum(1), (apart * speed).sum(1)
        beyond = (apart**2).sum(1) - range_m**2
        root = np.sqrt(mixed**2 - square * beyond)
        larger = -(mixed + np.where(mixed < 0, -root, root))
        one, two = larger / square, beyond / larger
    low, high = np.fmin(one, two), np.fmax(one, two)
    never = np.isnan(root) | np.isnan(low)
    low, high = np.where(never, np.inf, low), np.where(never, -np.inf, high)
    still = square == 0
    always = np.where(beyond[still] <= 0, np.inf, -np.inf)
    low[still], high[still] = -always, always
    return np.clip(from_s + low, from_s, until_s), np.clip(from_s + high, from_s, until_s)


def _joined(held: Contacts, found: Contacts) -> Contacts:
    """Those of the last step and of this one, touching pieces of a pair made one."""
    a, b, start, end = (np.concatenate(columns) for columns in zip(held, found, strict=True))
    order = np.lexsort((end, start, b, a))
    a, b, start, end = a[order], b[order], start[order], end[order]
    fresh = np.ones(len(a), bool)
    fresh[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1]) | (start[1:] != end[:-1])
    last = np.append(fresh[1:], True)[: len(a)]
    return Contacts(a[fresh], b[fresh], start[fresh], end[last])
