"""K7: what a row of measured quality becomes, and how long it holds."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.trace.imports import k7
from testbed.trace.imports.base import Found, Options, Report

FILES = Path(__file__).parent / "files"
HEAD = '{"location": "here", "interframe_duration": 100}\ndatetime,src,dst,channel,mean_rssi,pdr,tx_count\n'
S = 10**9


def read(path: Path, text: str, options: Options | None = None) -> tuple[Found, dict[str, int]]:
    path.write_text(HEAD + text)
    report = Report()
    found = k7.read(path, options or Options(), report)
    return found, {each.reason: each.count for each in report.oddities()}


def row(second: int, src: object, dst: object, pdr: object = 1.0, channel: int = 11, tx_count: object = 10) -> str:
    return f"2018-01-11T00:{second // 60:02}:{second % 60:02}.0,{src},{dst},{channel},-70.5,{pdr},{tx_count}\n"


def held(found: Found) -> list[tuple[str, str, float, float, float]]:
    links, zero_ns = found.links, 1515628800 * S
    columns = (
        links.src.tolist(),
        links.dst.tolist(),
        links.t_start_ns.tolist(),
        links.t_end_ns.tolist(),
        links.delivery.tolist(),
    )
    return [
        (found.names[a], found.names[b], (start - zero_ns) / S, (end - zero_ns) / S, share)
        for a, b, start, end, share in zip(*columns, strict=True)
    ]


def test_the_file_of_grenoble() -> None:
    report = Report()
    found = k7.read(FILES / "grenoble.k7.gz", Options(), report)
    assert report.oddities() == []
    assert (len(found.links), len(found.names)) == (108_659, 50)
    assert found.names[:12] == tuple(map(str, range(12)))
    lasts_s = (found.links.t_end_ns - found.links.t_start_ns) / S
    assert np.median(lasts_s) == pytest.approx(566, abs=1)
    assert lasts_s.min() > 550
    assert lasts_s.max() < 620
    assert np.isnan(found.links.snr_db).all()
    first = gzip.decompress((FILES / "grenoble.k7.gz").read_bytes()).splitlines()[4].split(b",")
    row = np.flatnonzero((found.links.src == 0) & (found.links.dst == 42))[0]
    assert found.links.delivery[row] == float(first[5]) == 0.6


def test_one_channel_is_measured_every_two_and_a_half_hours() -> None:
    found = k7.read(FILES / "grenoble.k7.gz", Options(channel=20), Report())
    assert len(found.links) == 6_471
    assert np.median(found.links.t_end_ns - found.links.t_start_ns) / S == pytest.approx(9_056, abs=10)
    with pytest.raises(UserError, match="no measurement on channel 99; it has 11, 12"):
        k7.read(FILES / "grenoble.k7.gz", Options(channel=99), Report())


def test_a_row_holds_until_its_sender_is_measured_again(tmp_path: Path) -> None:
    text = row(0, "a", "b", 0.5) + row(1, "a", "c") + row(5, "b", "a") + row(100, "a", "b", 0.25) + row(105, "b", "a")
    found, odd = read(tmp_path / "k7", text)
    assert odd == {}
    assert held(found) == [
        ("a", "b", 0, 100, 0.5),
        ("a", "c", 1, 100, 1.0),  # not in a's next burst: the link is lost with it
        ("b", "a", 5, 105, 1.0),
        ("a", "b", 100, 200, 0.25),  # never again: the usual time
        ("b", "a", 105, 205, 1.0),
    ]


def test_a_stated_time_is_cut_where_the_pair_is_measured_again(tmp_path: Path) -> None:
    text = row(0, "a", "b", 0.5) + row(10, "a", "b") + row(100, "a", "b")
    found, _ = read(tmp_path / "k7", text, Options(hold_s=30))
    assert [each[2:4] for each in held(found)] == [(0, 10), (10, 40), (100, 130)]
    with pytest.raises(UserError, match="cannot hold -1 s"):
        read(tmp_path / "k7", text, Options(hold_s=-1))


def test_a_burst_of_which_nothing_arrived_ends_a_link(tmp_path: Path) -> None:
    found, odd = read(tmp_path / "k7", row(0, "a", "b") + row(50, "a", "b", 0.0) + row(100, "a", "c"))
    assert held(found) == [("a", "b", 0, 50, 1.0), ("a", "c", 100, 150, 1.0)]
    assert odd == {"no_delivery": 1}


def test_channels_at_one_instant_are_weighted_by_what_was_sent(tmp_path: Path) -> None:
    text = row(0, "a", "b", 0.5, 11, 30) + row(0, "a", "b", 1.0, 12, 10) + row(0, "a", "b", 1.0, 12, 10)
    found, odd = read(tmp_path / "k7", text)
    assert [each[4] for each in held(found)] == [0.625]
    assert odd == {"duplicate": 1, "one_instant": 1}


def test_rows_that_measured_nothing_are_counted_and_left_out(tmp_path: Path) -> None:
    bad = [
        row(2, 1, 2, ""),
        row(3, 1, 2, "nan"),
        row(4, 1, 2, 1.5),
        row(5, 1, 2, -0.1),
        row(6, 1, 2, 1, 11, 0),
        row(7, 1, 1),
    ]
    found, odd = read(tmp_path / "k7", row(9, 1, 2) + "".join(bad) + row(0, 2, 1))
    assert len(found.links) == 2
    assert odd == {"missing_quality": 2, "pdr_out_of_range": 2, "nothing_sent": 1, "self_loop": 1, "out_of_order": 1}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2018-13-11T00:00:00,1,2,11,-70,1,100", "line 4: '2018-13-11T00:00:00' should be a time"),
        ("2018-01-11T00:00:00,1,2,11,-70,high,100", "line 4: 'high' should be a number"),
        ("2018-01-11T00:00:00,1,2,x,-70,1,100", "line 4: 'x' should be the number of a channel"),
        ("2018-01-11T00:00:00,1,,11,-70,1,100", "line 4: a node has no name"),
        ("2018-01-11T00:00:00,1,2,11,-70,1", "line 4: 7 columns were expected, here are 6"),
        ("9999-01-11T00:00:00,1,2,11,-70,1,100", "line 4: .* out of range"),
    ],
)
def test_a_damaged_row_names_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(tmp_path / "k7", row(0, 1, 2) + line + "\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("datetime,src\n", "line 1: a K7 file begins with its header"),
        ('{"a": 1}\n', "line 2: the columns should have datetime, src"),
        ('{"a": 1}\ndatetime,src,dst,channel,mean_rssi,pdr,tx_count\n', "holds no measurement"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "k7").write_text(text)
    with pytest.raises(UserError, match=words):
        k7.read(tmp_path / "k7", Options(), Report())


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 3), st.integers(0, 3), st.integers(11, 13), st.floats(0, 1)),
        min_size=1,
        max_size=30,
    )
)
def test_no_two_rows_of_a_pair_overlap(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, ...]]) -> None:
    text = "".join(row(t, a, b, share, channel) for t, a, b, channel, share in [*rows, (0, 8, 9, 11, 1)])
    found, _ = read(tmp_path_factory.getbasetemp() / "k7", text)
    last: dict[tuple[str, str], float] = {}
    for src, dst, start, end, share in held(found):
        assert last.get((src, dst), start) <= start < end
        assert 0 < share <= 1
        last[src, dst] = end


def test_a_time_beyond_what_a_trace_can_tell_is_named_with_its_line(tmp_path: Path) -> None:
    rows = row(1, 0, 18) + "2154-01-11T16:32:33.0,1,30,11,-64.75,1.0,100\n"
    with pytest.raises(UserError, match=r"line 4: '2154-01-11T16:32:33\.0' is out of range"):
        read(tmp_path / "late.k7", rows)
