"""Contacts seen through windows: checked by hand, and against a count in plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace
from testbed.trace.aggregate import aggregated

Row = tuple[int, int, int, int]


def trace(rows: list[Row], delivery: list[float] | None = None) -> Trace:
    """Rows of start, end, src, dst in nanoseconds."""
    start, end, src, dst = zip(*rows, strict=True) if rows else ((), (), (), ())
    count = len(rows)
    links = LinkRows.of(
        round=[NO_ROUND] * count,
        t_start_ns=start,
        t_end_ns=end,
        src=src,
        dst=dst,
        snr_db=[np.nan] * count,
        delivery=delivery or [1.0] * count,
        rate_bps=[6] * count,
        latency_ns=[0] * count,
        neighbour=[True] * count,
    )
    return Trace(Header(nodes=4, network={"kind": "imported"}), links, NodeRows.none())


def rows(found: Trace) -> list[Row]:
    links = found.links
    columns = (links.t_start_ns, links.t_end_ns, links.src, links.dst)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_a_contact_fills_every_window_it_has_a_part_in() -> None:
    found = aggregated(trace([(100, 125, 0, 1), (108, 109, 2, 3)]), 10)
    assert rows(found) == [(100, 110, 0, 1), (100, 110, 2, 3), (110, 120, 0, 1), (120, 130, 0, 1)]


def test_numbers_are_means_over_the_time_linked() -> None:
    found = aggregated(trace([(0, 3, 0, 1), (5, 6, 0, 1)], [1.0, 0.2]), 10)
    assert found.links.delivery.tolist() == pytest.approx([(3 * 1.0 + 1 * 0.2) / 4])
    assert found.links.rate_bps.tolist() == [6]


def test_a_sample_and_a_link_without_an_end_count_where_they_are_known() -> None:
    assert rows(aggregated(trace([(0, 0, 0, 1), (12, OPEN_NS, 2, 3)]), 10)) == [(0, 10, 0, 1), (10, 20, 2, 3)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 3), st.integers(0, 3)), max_size=12),
    st.integers(1, 30),
)
def test_a_pair_is_linked_in_a_window_if_it_was_at_any_instant_of_it(drawn: list[Row], width: int) -> None:
    given_rows = sorted((start, start + length, a, b) for start, length, a, b in drawn if a != b)
    wanted = set()
    for start, end, a, b in given_rows:
        for instant in range(start, max(end, start + 1)):
            window = given_rows[0][0] + (instant - given_rows[0][0]) // width * width
            wanted.add((window, window + width, a, b))
    assert rows(aggregated(trace(given_rows), width)) == sorted(wanted, key=lambda row: (row[0], row[2], row[3]))


def test_what_cannot_be_aggregated_is_said() -> None:
    with pytest.raises(UserError, match="longer than nothing"):
        aggregated(trace([(0, 1, 0, 1)]), 0)
    with pytest.raises(UserError, match="choose longer ones"):
        aggregated(trace([(0, 10**12, 0, 1)]), 1)
