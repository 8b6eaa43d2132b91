"""Contacts and inter-contact times against plain Python, and cases that one can see."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.trace import OPEN_NS
from testbed.trace.inspect.spans import Spans, bounds_ns
from tests.trace.inspect.traces import Row, imported, recorded, two_way

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 12), st.integers(0, 5)).filter(
        lambda row: row[0] != row[1]
    ),
    max_size=30,
)


def plain_contacts(rows: list[Row]) -> dict[tuple[int, int], list[list[float]]]:
    found = defaultdict[tuple[int, int], list[list[float]]](list)
    for a, b, start, end in sorted(rows, key=lambda row: row[2]):
        spans = found[min(a, b), max(a, b)]
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end or 0)
        else:
            spans.append([start, end or 0])
    return found


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_contacts_and_the_times_between_them_are_those_of_plain_python(drawn: list[tuple[int, int, int, int]]) -> None:
    rows: list[Row] = [(a, b, start, start + length) for a, b, start, length in drawn]
    contacts, wanted = Spans.contacts(imported(5, rows).links), plain_contacts(rows)
    assert len(contacts) == sum(map(len, wanted.values()))
    assert contacts.pairs() == len(wanted)
    spans = [span for pair in sorted(wanted) for span in wanted[pair]]
    np.testing.assert_allclose(contacts.durations_s(), [end - start for start, end in spans])
    gaps = [after[0] - before[1] for pair in sorted(wanted) for before, after in pairwise(wanted[pair])]
    np.testing.assert_allclose(contacts.gaps_s(), gaps)


def test_a_pair_that_is_linked_now_one_way_now_the_other_has_one_contact() -> None:
    trace = imported(3, [(0, 1, 0, 2), (1, 0, 1, 4), (0, 1, 9, 10)])
    contacts = Spans.contacts(trace.links)
    assert contacts.start_ns.tolist() == [0, 9 * 10**9]
    assert contacts.durations_s().tolist() == [4, 1]
    assert contacts.gaps_s().tolist() == [5]
    assert Spans.directed(trace.links).pairs() == 2


def test_a_sample_is_a_contact_of_no_length_unless_it_lies_in_one() -> None:
    contacts = Spans.contacts(imported(3, [(0, 1, 1, 1), (1, 0, 1, 1), (0, 2, 0, 4), (2, 0, 4, 4)]).links)
    assert contacts.durations_s().tolist() == [0, 4]


def test_of_a_contact_without_a_known_end_no_duration_is_known() -> None:
    trace = imported(3, [*two_way([(0, 1, 2, None)]), (0, 1, 0, 1), (1, 2, 3, 5)])
    contacts = Spans.contacts(trace.links)
    assert contacts.end_ns.tolist() == [10**9, OPEN_NS, 5 * 10**9]
    assert contacts.durations_s().tolist() == [1, 2]
    assert contacts.gaps_s().tolist() == [1]
    assert bounds_ns(trace) == (0, 5 * 10**9)


def test_unix_times_in_nanoseconds_are_exact() -> None:
    rows = [(0, 1, 1.7e9, 1.7e9 + 1), (0, 1, 1.7e9 + 1, 1.7e9 + 2), (2, 3, 1.7e9, 1.7e9 + 9)]
    assert Spans.contacts(imported(4, rows).links).durations_s().tolist() == [2, 9]


def test_rounds_that_follow_each_other_hold_one_contact() -> None:
    contacts = Spans.contacts(recorded(3, [[(0, 1)], [(0, 1)], [(1, 2)], [(0, 1)]]).links)
    assert contacts.durations_s().tolist() == [2, 1, 1]
    assert contacts.gaps_s().tolist() == [1]


def test_no_link_at_all() -> None:
    trace = imported(2, [])
    assert len(Spans.contacts(trace.links)) == 0
    assert len(Spans.directed(trace.links).gaps_s()) == 0
    assert bounds_ns(trace) is None
