"""Link rows from contacts: apart, in order, and every oddity counted; checked against a plain walk over instants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS, LinkRows
from testbed.trace.imports import intervals
from testbed.trace.imports.base import Options, Report
from testbed.trace.imports.intervals import links_of
from testbed.trace.imports.window import Window, inversions


def made(contacts: list[tuple[int, ...]], directed: bool = True, **quality: list[float]) -> tuple[LinkRows, Report]:
    src, dst, start, end = zip(*contacts, strict=True) if contacts else ([], [], [], [])
    report = Report()
    return links_of(report, src, dst, start, end, directed=directed, **quality), report


def rows(links: LinkRows) -> list[tuple[int, ...]]:
    return list(
        zip(*(column.tolist() for column in (links.src, links.dst, links.t_start_ns, links.t_end_ns)), strict=True)
    )


def counts(report: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for oddity in report.oddities():
        found[oddity.reason] = found.get(oddity.reason, 0) + oddity.count
    return found


def test_undirected_contacts_are_links_both_ways_in_order() -> None:
    links, report = made([(2, 1, 5, 9), (0, 1, 3, 4)], directed=False)
    assert rows(links) == [(0, 1, 3, 4), (1, 0, 3, 4), (1, 2, 5, 9), (2, 1, 5, 9)]
    assert not report.oddities()
    assert np.isnan(links.snr_db).all()
    assert set(links.delivery) == {1.0}
    assert set(links.rate_bps) == set(links.latency_ns) == {0}
    assert links.neighbour.all()


def test_nothing_at_all_is_no_rows() -> None:
    assert len(made([])[0]) == 0
    assert len(made([(1, 1, 0, 5)])[0]) == 0


def test_every_oddity_is_counted_once() -> None:
    contacts = [(1, 1, 0, 5), (0, 1, 9, 3), (0, 1, 0, 5), (1, 0, 0, 5), (0, 1, 4, 8), (0, 2, 3, 3), (0, 2, 9, 9)]
    links, report = made(contacts, directed=False)
    assert [row for row in rows(links) if row[0] < row[1]] == [(0, 1, 0, 8), (0, 2, 3, 3), (0, 2, 9, 9)]
    assert counts(report) == {"self_loop": 1, "backwards": 1, "duplicate": 1, "overlap": 1, "zero_length": 2}
    rejected = {oddity.reason for oddity in report.oddities() if oddity.rejected}
    assert rejected == {"self_loop", "backwards", "duplicate"}


def test_contacts_that_touch_stay_apart_and_a_sample_within_one_is_part_of_it() -> None:
    links, _ = made([(0, 1, 0, 5), (0, 1, 5, 9), (0, 1, 7, 7), (0, 1, 9, 9), (0, 1, 5, 5)])
    assert rows(links) == [(0, 1, 0, 5), (0, 1, 5, 9), (0, 1, 9, 9)]


def test_where_the_quality_changes_the_later_start_wins() -> None:
    links, report = made([(0, 1, 0, 100), (0, 1, 20, OPEN_NS), (0, 1, 20, 30)], delivery=[0.5, 0.75, 0.25])
    assert rows(links) == [(0, 1, 0, 20), (0, 1, 20, OPEN_NS)]
    assert links.delivery.tolist() == [0.5, 0.75]
    assert counts(report)["overlap"] == 2


def test_equal_quality_is_joined_also_where_some_is_not_known() -> None:
    links, report = made([(0, 1, 0, 10), (0, 1, 5, 20)], snr_db=[float("nan")] * 2, delivery=[float("nan"), 1.0])
    assert rows(links) == [(0, 1, 0, 20)]
    assert counts(report) == {"missing_quality": 1, "overlap": 1}


@pytest.mark.parametrize("quality", [{"delivery": [1.5]}, {"rate_bps": [-1.0]}, {"latency_ns": [-5]}])
def test_a_quality_that_cannot_be_is_refused(quality: dict[str, list[float]]) -> None:
    with pytest.raises(UserError):
        made([(0, 1, 0, 10)], **quality)


def test_more_rows_than_the_limit_are_refused_and_the_way_out_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "LIMIT", 4)
    contacts = [(0, 1, 10 * start, 10 * start + 1) for start in range(3)]
    made(contacts)
    with pytest.raises(UserError, match="--from and --to"):
        made(contacts, directed=False)


CONTACTS = st.lists(st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(0, 20)] * 2), max_size=12)


@settings(max_examples=60, deadline=None)
@given(CONTACTS, st.booleans())
def test_a_pair_is_linked_when_and_only_when_a_contact_says_so(contacts: list[tuple[int, ...]], directed: bool) -> None:
    links, _ = made(contacts, directed)
    said = {(a, b, t) for a, b, start, end in contacts for t in range(start, end) if a != b}
    said |= set() if directed else {(b, a, t) for a, b, t in said}
    assert {(a, b, t) for a, b, start, end in rows(links) for t in range(start, end)} == said
    assert sum(end - start for _, _, start, end in rows(links)) == len(said)  # no instant twice
    samples = {(a, b, start) for a, b, start, end in contacts if start == end and a != b}
    covered = {(a, b, t) for a, b, t in samples if (a, b, t) in said}
    found = {(a, b, start) for a, b, start, end in rows(links) if start == end}
    assert found >= samples - covered
    assert not found & said


@settings(max_examples=60, deadline=None)
@given(CONTACTS, st.data())
def test_with_unequal_quality_no_two_rows_of_a_pair_overlap(
    contacts: list[tuple[int, ...]], data: st.DataObject
) -> None:
    delivery = data.draw(st.lists(st.sampled_from([0.25, 0.5]), min_size=len(contacts), max_size=len(contacts)))
    links, _ = made(contacts, delivery=delivery)
    instants = [(a, b, t) for a, b, start, end in rows(links) for t in range(start, max(end, start + 1))]
    assert len(set(instants)) == len(instants)
    assert {row[:2] for row in rows(links)} == {(a, b) for a, b, start, end in contacts if a != b and start <= end}


def test_inversions_count_rows_before_the_row_above_also_across_batches() -> None:
    assert inversions(np.array([3, 1, 2, 2, 0])) == 2
    assert inversions(np.array([3, 4]), above_ns=5) == 1
    assert inversions(np.array([], np.int64), above_ns=5) == 0


def test_a_window_keeps_what_has_a_part_in_it_and_cuts_it() -> None:
    window = Window.of(Options(from_s=1.0, to_s=2.0))
    s = 10**9
    start, end = np.array([0, 0, s, 2 * s, s, 2 * s]), np.array([s, 3 * s, s, 3 * s, 2 * s, 2 * s])
    assert window.meets(start, end).tolist() == [False, True, True, False, True, False]
    assert [column.tolist() for column in window.clipped(start[1:3], end[1:3])] == [[s, s], [2 * s, s]]


@pytest.mark.parametrize("options", [Options(from_s=2, to_s=1), Options(to_s=float("nan")), Options(from_s=1e300)])
def test_a_window_that_is_none_is_refused(options: Options) -> None:
    with pytest.raises(UserError, match=r"--(from|to)"):
        Window.of(options)
