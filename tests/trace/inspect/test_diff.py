"""Where two traces part."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.trace import Trace
from testbed.trace.inspect.diff import diff
from testbed.trace.inspect.tabular import unlike
from tests.trace.inspect.traces import S, imported, recorded

ROUNDS = [[(0, 1)], [(0, 1), (1, 2)], [(0, 2)]]


def with_delivery(trace: Trace, row: int, delivery: float) -> Trace:
    column = trace.links.delivery.copy()
    column[row] = delivery
    return replace(trace, links=replace(trace.links, delivery=column))


def test_equal_traces_do_not_part() -> None:
    found = diff(recorded(3, ROUNDS), recorded(3, ROUNDS))
    assert not found
    assert found.first is None


def test_the_first_round_table_row_and_column_that_differ() -> None:
    a = recorded(3, ROUNDS)
    found = diff(a, with_delivery(with_delivery(a, 3, 0.5), 7, 0.25))
    assert found.rows == {"links": 2}
    assert found.first is not None
    assert (found.first.table, found.first.round) == ("links", 1)
    assert found.first.values == {"delivery": (1.0, 0.5)}
    assert found.first.row_a == found.first.row_b == 3


def test_a_link_that_one_of_them_lacks_shifts_nothing() -> None:
    found = diff(recorded(3, ROUNDS), recorded(3, [[], *ROUNDS[1:]]))
    assert found.rows == {"links": 2}
    assert found.first is not None
    assert (found.first.row_a, found.first.row_b, found.first.values) == (0, None, {})


def test_rounds_that_one_of_them_lacks() -> None:
    found = diff(recorded(3, ROUNDS), recorded(3, ROUNDS[:2]))
    assert found.rows == {"rounds": 1, "links": 2, "nodes": 3}
    assert found.first is not None
    assert (found.first.table, found.first.round, found.first.row_b) == ("rounds", 2, None)


def test_imports_part_at_an_instant() -> None:
    rows = [(0, 1, 5, 6), (1, 2, 7, 9)]
    found = diff(imported(3, rows), imported(3, [rows[0], (1, 2, 7, 8)]))
    assert found.first is not None
    assert (found.first.round, found.first.time_ns) == (-1, 7 * S)
    assert found.first.values == {"t_end_ns": (9 * S, 8 * S)}


def test_a_tolerance_is_for_numbers_with_a_fraction_alone() -> None:
    a = recorded(3, ROUNDS)
    b = with_delivery(a, 0, 1 - 1e-9)
    assert diff(a, b)
    assert not diff(a, b, tolerance=1e-6)
    assert diff(imported(2, [(0, 1, 0, 1)]), imported(2, [(0, 1, 0, 1.000000001)]), tolerance=0.1).rows == {"links": 1}


def test_headers_differ_by_key() -> None:
    a, b = imported(2, []), imported(2, [], names=("x", "y"), seed=3)
    assert {each.key: each.b for each in diff(a, b).header} == {"names": ["x", "y"], "seed": 3}


@settings(max_examples=60, deadline=None)
@given(*[st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8)] * 2)
def test_as_many_rows_differ_as_there_are_in_one_alone(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    """Where every column is a key."""
    tables = [dict(zip("xy", np.array(rows, int).reshape(-1, 2).T, strict=True)) for rows in (a, b)]
    found = unlike(tables[0], tables[1], "xy", 0)
    assert len(found) == (Counter(a) - Counter(b)).total() + (Counter(b) - Counter(a)).total()
    assert [a[row] for row in found.a if row >= 0] == sorted((Counter(a) - Counter(b)).elements())


@pytest.mark.parametrize(("a", "b", "equal"), [(np.nan, np.nan, True), (np.nan, 1, False), (np.inf, np.inf, True)])
def test_what_is_no_number_is_equal_to_itself(a: float, b: float, equal: bool) -> None:
    key, one = np.array([0]), [np.array([float(each)]) for each in (a, b)]
    assert (len(unlike({"k": key, "v": one[0]}, {"k": key, "v": one[1]}, ["k"], 0)) == 0) == equal
