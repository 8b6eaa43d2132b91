"""SocioPatterns, iMote, plain lists and CSV: what each row comes to."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.trace import OPEN_NS, Trace
from testbed.trace.imports import intervals, lists, sociopatterns
from testbed.trace.imports.base import Options
from tests.trace.imports.samples import SAMPLES, assert_sound, imported, oddities

S = 10**9


def read(tmp_path: Path, content: str, format: str | None = None, **options: object) -> Trace:
    trace = imported(tmp_path / "list", content.encode(), format, Options(**options))  # type: ignore[arg-type]
    assert_sound(trace)
    return trace


def links(trace: Trace) -> list[tuple[str, str, float, float]]:
    """Names, start and end in seconds."""
    names, rows = np.array(trace.header.names), trace.links
    columns = names[rows.src], names[rows.dst], rows.t_start_ns / S, rows.t_end_ns / S
    return list(zip(*(column.tolist() for column in columns), strict=True))


def contacts(trace: Trace) -> list[tuple[str, str, float, float]]:
    """The same, one for both directions."""
    order = {name: place for place, name in enumerate(trace.header.names or ())}
    return [link for link in links(trace) if order[link[0]] < order[link[1]]]


def test_sociopatterns_rows_whose_step_is_20_s_are_one_contact(tmp_path: Path) -> None:
    trace = imported(tmp_path / "list", SAMPLES["sociopatterns"])
    assert contacts(trace) == [("15", "16", 0, 40), ("15", "987", 20, 40), ("15", "16", 80, 100)]


@pytest.mark.parametrize("groups", ["", " 2BIO1 PC*"])
def test_sociopatterns_oddities_are_counted_by_rows_also_across_blocks(
    tmp_path: Path, groups: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ["20 1 2", "40 2 1", "40 1 2", "60 1 2", "20 1 2", "60 3 3", "100 1 3", "100 3 1", "80 1 3", "110 1 3"]
    text = "".join(f"{row}{groups}\n" for row in rows)
    expected = {"duplicate": 3, "out_of_order": 2, "overlap": 1, "self_loop": 1}
    for size in (10_000, 8):
        monkeypatch.setattr(sociopatterns, "batches", _batches_of(size))
        trace = read(tmp_path, text, "sociopatterns")
        assert contacts(trace) == [("1", "2", 0, 60), ("1", "3", 60, 110)]
        assert oddities(trace) == expected


def _batches_of(size: int):  # type: ignore[no-untyped-def]
    """`batches` with blocks of some bytes."""
    from testbed.trace.imports import rows
    from testbed.trace.imports.lines import blocks

    def batches(path, layout, names, keep):  # type: ignore[no-untyped-def]
        for block in blocks(path, size):
            yield rows._kept(rows._irregular(path, block, layout), layout, names, keep)

    return batches


def test_sociopatterns_in_a_window(tmp_path: Path) -> None:
    trace = read(tmp_path, "20 1 2\n40 1 2\n60 1 2\n80 7 8\n", from_s=10, to_s=50)
    assert contacts(trace) == [("1", "2", 10, 50)]
    assert trace.header.names == ("1", "2")
    with pytest.raises(UserError, match="holds no contact between --from and --to"):
        read(tmp_path, "20 1 2\n", from_s=1000)


def test_imote_rows_are_directed(tmp_path: Path) -> None:
    trace = imported(tmp_path / "list", SAMPLES["imote"])
    assert links(trace) == [("2", "1", 10, 20), ("1", "2", 15, 25), ("3", "1", 30, 30)]


@pytest.mark.parametrize(
    ("text", "unit", "columns", "expected"),
    [
        ("a b 1 2\n", "h", None, ("a", "b", 3600, 7200)),
        ("a b 1.5 2\n", "min", None, ("a", "b", 90, 120)),
        ("a,b,1000,2500\n", "ms", None, ("a", "b", 1, 3.5)),
        ("a,b,1000,2500\n", "ms", "a b start end", ("a", "b", 1, 2.5)),
        ("7 1 2 9 b a\n", "s", "- start end - b a", ("a", "b", 1, 2)),
        ("a,b,1331041516000,1200,1\n", "ms", None, ("a", "b", 1331041516, 1331041516)),
    ],
)
def test_a_plain_list_is_read_in_the_stated_unit_and_order(
    tmp_path: Path, text: str, unit: str, columns: str | None, expected: tuple[object, ...]
) -> None:
    trace = read(tmp_path, text, "contacts", time_unit=unit, columns=columns)
    assert contacts(trace) == [expected]
    assert trace.header.provenance[0]["options"].get("time_unit") == unit


def test_a_plain_list_reports_what_goes_backwards_and_keeps_none_of_it(tmp_path: Path) -> None:
    trace = read(tmp_path, "1 2 10 5\n1 2 20 30\n2 1 25 40\n", "contacts", time_unit="s")
    assert contacts(trace) == [("1", "2", 20, 40)]
    assert oddities(trace) == {"backwards": 1, "overlap": 1}


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({}, "state it with --time-unit"),
        ({"time_unit": "weeks"}, "--time-unit 'weeks' should be one of ns, us"),
        ({"time_unit": "s", "columns": "a b end"}, "--columns 'a b end' should name"),
        ({"time_unit": "s", "columns": "a b src start"}, "should name"),
        ({"time_unit": "s", "columns": "a b start"}, "line 1: 3 columns were expected, here are 4"),
        ({"time_unit": "s", "hold_s": -1.0}, "--hold"),
    ],
)
def test_what_was_stated_wrongly_is_said(tmp_path: Path, options: dict[str, object], what: str) -> None:
    with pytest.raises(UserError, match=what):
        read(tmp_path, "1 2 3 4\n", "contacts", **options)


def test_a_list_with_too_many_rows_is_cut_by_a_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LIMIT", 10)
    monkeypatch.setattr(intervals, "LIMIT", 10)
    text = "".join(f"1 2 {10 * row} {10 * row + 5}\n" for row in range(100))
    with pytest.raises(UserError, match=r"list: more than 10 link intervals: cut it with --from and --to"):
        read(tmp_path, text, "contacts", time_unit="s")
    assert len(read(tmp_path, text, "contacts", time_unit="s", from_s=0, to_s=45).links) == 10


def test_our_own_csv_comes_back_as_it_went(tmp_path: Path) -> None:
    trace = imported(tmp_path / "list", SAMPLES["csv"])
    rows = trace.links
    assert links(trace) == [("one", "two", 0, 1e-6), ("two", "one", 5e-7, OPEN_NS / S)]
    assert rows.t_end_ns.tolist() == [1000, OPEN_NS]
    assert repr(rows.snr_db.tolist()) == "[12.5, nan]"
    assert (rows.delivery.tolist(), rows.rate_bps.tolist()) == ([0.75, 1.0], [6_000_000, 0])
    assert rows.latency_ns.tolist() == [100, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Source,Target,Start_s,End_s\na,b,1,2\n", [("a", "b", 1, 2)]),
        ("source;target;time_ms;weight\na;b;1500;0.5\n", [("a", "b", 1.5, 1.5)]),
        ("u\tv\tt_s\tduration_min\na\tb\t60\t1\n", [("a", "b", 60, 120), ("b", "a", 60, 120)]),
        ("# made by hand\n\ntx rx start_s end_s note\na b 1 2 -\n", [("a", "b", 1, 2)]),
        ('"from","to","start_s","end_s"\n"a, b","c",1,\n', [("a, b", "c", 1, OPEN_NS / S)]),
    ],
)
def test_a_csv_is_read_by_its_header(tmp_path: Path, text: str, expected: list[tuple[object, ...]]) -> None:
    assert links(read(tmp_path, text)) == expected


def test_csv_qualities_in_their_units(tmp_path: Path) -> None:
    text = "src,dst,start_s,end_s,pdr,snr,rate_mbps,latency_ms,rssi\na,b,0,1,0.5,-3.5,5.5,2.5,-80\nb,a,0,1,,,,,\n"
    trace = read(tmp_path, text)
    rows = trace.links
    assert (rows.delivery.tolist(), rows.rate_bps.tolist()) == ([0.5, 1.0], [5_500_000, 0])
    assert (rows.latency_ns.tolist(), rows.snr_db[0]) == ([2_500_000, 0], -3.5)
    assert oddities(trace) == {"missing_quality": 4}


def test_csv_weights_beyond_0_to_1_are_no_delivery(tmp_path: Path) -> None:
    trace = read(tmp_path, "a,b,t_s,weight\n1,2,0,0.5\n1,2,1,7\n")
    assert set(trace.links.delivery) == {1.0}
    assert oddities(trace)["missing_quality"] == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("src,dst,start,end\na,b,1,2\n", "column 'start' does not say its unit of time: state it with --time-unit"),
        ("src,dst,end_s\na,b,2\n", "line 1: the header should name one column start"),
        ("src,dst,start_s,t_ms\na,b,2,2\n", "line 1: the header should name one column start, it names 2"),
        ("src,dst,start_s,pdr,delivery\na,b,2,1,1\n", "line 1: the header names two columns for delivery"),
        ("# x\nsrc,dst,start_s,pdr\na,b,2,1\na,b,2,1.5\n", "line 4: delivery '1.5' should lie in 0..1"),
        ("src,dst,start_s,rate_bps\na,b,2,-1\n", "line 2: rate_bps '-1' should lie in 0"),
        ('src,dst,start_s\n"a,b,2\n', "line 2: unexpected end of data"),
    ],
)
def test_a_csv_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UserError, match=what):
        read(tmp_path, text, "csv")


def test_the_same_rows_packed_are_the_same_links(tmp_path: Path) -> None:
    plain = imported(tmp_path / "list", SAMPLES["csv"])
    assert imported(tmp_path / "list", gzip.compress(SAMPLES["csv"])).links == plain.links
