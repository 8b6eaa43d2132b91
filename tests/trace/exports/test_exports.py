"""Exports: what comes back when they are imported again, what is said to be lost, and names that mean harm."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.exchange import Deliveries, Devices, Exchange, Links, Outbox
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace
from testbed.trace.exports import FORMATS, export, graphs
from testbed.trace.exports.dot import quoted
from testbed.trace.exports.one import seconds
from testbed.trace.imports import import_file
from testbed.trace.imports.names import natural

S = 10**9
NAN = float("nan")
Row = tuple[int, int, int, int, float, float, int, int]


def imported(rows: Sequence[Sequence[Any]], names: Sequence[str], nodes: NodeRows | None = None) -> Trace:
    """A trace of rows start, end, src, dst, SNR, delivery, rate, latency; the last four may be missing."""
    full = sorted(([*row, *(NAN, 1.0, 0, 0)[len(row) - 4 :]] for row in rows), key=lambda row: (row[0], row[2], row[3]))
    columns = [list(column) for column in zip(*full, strict=True)] or [[] for _ in range(8)]
    of = dict(
        zip(
            ("t_start_ns", "t_end_ns", "src", "dst", "snr_db", "delivery", "rate_bps", "latency_ns"),
            columns,
            strict=True,
        )
    )
    links = LinkRows.of(round=np.full(len(full), NO_ROUND), neighbour=np.ones(len(full), bool), **of)
    header = Header(nodes=len(names), names=tuple(names), network={"kind": "imported"})
    return Trace(header, links, NodeRows.none() if nodes is None else nodes)


def recorded(rounds: int = 3) -> Trace:
    """0 and 1 hear each other in every round, 1 hears 2 too seldom to be its neighbour."""
    links = Links.of(
        src=[0, 1, 2],
        dst=[1, 0, 1],
        snr_db=[20.0, 10.0, 3.0],
        delivery=[1.0, 0.8, 0.2],
        rate_bps=[6_000_000] * 3,
        latency_ns=[0] * 3,
        neighbour=[True, True, False],
    )
    zeros = np.zeros(3)
    columns = dict.fromkeys(Devices.columns(), zeros) | {"x_m": [0.0, 30.0, 60.0], "y_m": [1.0, 2.0, 3.0]}
    nothing = Deliveries.of(**{name: [] for name in Deliveries.columns()})
    outbox = Outbox.of(src=[], dst=[], size_bytes=[], ready_ns=[])
    exchanges = [Exchange(2 * r * S, (2 * r + 1) * S, links, nothing, Devices.of(**columns)) for r in range(rounds)]
    return Trace.of_rounds(Header(nodes=3, seed=1, network={"kind": "ns3"}), [outbox] * rounds, exchanges)


def back(trace: Trace, path: Path, format: str) -> Trace:
    path.unlink(missing_ok=True)
    export(trace, path, format)
    return import_file(path, format)


@st.composite
def traces(draw: st.DrawFn, undirected: bool, overlapping: bool = False) -> Trace:
    """Intervals and samples in which every node is linked; those of a pair apart."""
    count = draw(st.integers(2, 5))
    pairs = [(a, b) for a in range(count) for b in range(count) if a < b or (a > b and not undirected)]
    rows: list[Sequence[Any]] = []
    for a, b in [(0, other) for other in range(1, count)] + draw(
        st.lists(st.sampled_from(pairs), max_size=4, unique=True)
    ):
        if any(row[2:4] == (a, b) for row in rows):
            continue
        times = sorted(draw(st.lists(st.integers(-(10**18), 10**18), min_size=2, max_size=6, unique=True)))
        for start, end in zip(times[::2], times[1::2], strict=False):
            quality = (
                ()
                if undirected
                else draw(
                    st.tuples(
                        st.one_of(st.just(NAN), st.floats(-30, 90)),
                        st.floats(0, 1),
                        st.integers(0, 10**9),
                        st.integers(0, 10**9),
                    )
                )
            )
            end = start if draw(st.booleans()) else end
            rows += [(start, end, *ends, *quality) for ends in ([(a, b), (b, a)] if undirected else [(a, b)])]
    return imported(rows, [str(3 * node) for node in range(count)])


@settings(max_examples=20)
@given(traces(undirected=True))
def test_contacts_come_back_from_the_one(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    again = back(trace, tmp_path_factory.getbasetemp() / "contacts.txt", "one")
    assert (again.links, again.header.names) == (trace.links, trace.header.names)


@settings(max_examples=20)
@given(traces(undirected=False))
def test_all_links_come_back_from_csv(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    again = back(trace, tmp_path_factory.getbasetemp() / "links.csv", "csv")
    assert (again.links, again.header.names) == (trace.links, trace.header.names)


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda pair: pair[0] != pair[1]),
        st.tuples(
            st.one_of(st.just(NAN), st.floats(-30, 90)),
            st.floats(0.01, 1),
            st.integers(0, 10**12),
            st.integers(0, 10**12),
        ),
        max_size=8,
    ),
    st.lists(
        st.text("aB9-/<&\"'\\é漢", min_size=1, max_size=5),
        min_size=4,
        max_size=4,
        unique=True,
    ),
)
def test_a_map_comes_back_from_graphml(tmp_path_factory: pytest.TempPathFactory, edges: Any, names: list[str]) -> None:
    trace = imported([(0, OPEN_NS, *pair, *quality) for pair, quality in edges.items()], sorted(names, key=natural))
    again = back(trace, tmp_path_factory.getbasetemp() / "map.graphml", "graphml")
    assert (again.links, again.header.names) == (trace.links, trace.header.names)


def test_the_files_themselves(tmp_path: Path) -> None:
    rows = [(0, 1_500_000_000, 0, 1, 12.25, 0.5, 6_000_000, 7), (10**18 + 1, OPEN_NS, 1, 0)]
    trace = imported(rows, ["1", "2"])
    said = export(trace, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == ("0 CONN 1 2 up\n1.5 CONN 1 2 down\n1000000000.000000001 CONN 1 2 up\n")
    assert said == [
        "the direction of 2 links that held one way alone is left out",
        "the quality of links (delivery, SNR, rate, latency) is left out",
        "1 contacts whose end is not known never go down",
    ]
    assert export(trace, tmp_path / "a.csv") == []
    assert (tmp_path / "a.csv").read_text() == (
        "t_start_ns,t_end_ns,src,dst,snr_db,delivery,rate_bps,latency_ns\n"
        "0,1500000000,1,2,12.25,0.5,6000000,7\n1000000000000000001,,2,1,,1,0,0\n"
    )
    export(trace, tmp_path / "a.dot", at_s=1)
    assert (
        "  n0 -> n1 [delivery=0.5, snr_db=12.25, rate_bps=6000000, latency_ns=7];" in (tmp_path / "a.dot").read_text()
    )


def test_both_ways_together_are_one_contact(tmp_path: Path) -> None:
    trace = imported([(0, 5 * S, 0, 1), (3 * S, 9 * S, 1, 0), (9 * S, 12 * S, 0, 1), (9 * S, 12 * S, 1, 0)], ["0", "1"])
    export(trace, tmp_path / "a.txt")
    lines = (tmp_path / "a.txt").read_text().splitlines()
    assert lines == ["0 CONN 0 1 up", "9 CONN 0 1 down", "9 CONN 0 1 up", "12 CONN 0 1 down"]


def test_a_recording_is_a_graph_a_round(tmp_path: Path) -> None:
    trace = recorded()
    first, second, _ = graphs(trace)
    assert dict(first.nodes["1"]) == {"x_m": 30.0, "y_m": 2.0}
    assert set(first.edges) == {("0", "1"), ("1", "0")}
    assert first.edges["1", "0"] == {"delivery": 0.8, "snr_db": 10.0, "rate_bps": 6_000_000}
    assert second.graph == {"number": 1, "start_ns": 2 * S, "end_ns": 3 * S}
    said = export(trace, tmp_path / "air.graphml", rounds=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"air-000{round_}.graphml" for round_ in range(3)]
    assert said == [
        "3 link rows that no message travels on (heard too rarely, or one way) are left out",
        "messages and what became of them are left out",
    ]
    read = nx.read_graphml(tmp_path / "air-0001.graphml")
    assert nx.utils.graphs_equal(nx.DiGraph(read.edges(data=True)), nx.DiGraph(second.edges(data=True)))
    assert import_file(tmp_path / "air-0001.graphml").nodes.x_m.tolist() == [0, 30, 60]


def test_windows_have_the_share_of_the_time_and_the_mean(tmp_path: Path) -> None:
    trace = imported([(0, 2 * S, 0, 1, 10.0, 0.5), (3 * S, 4 * S, 0, 1, 40.0, 1.0), (5 * S, 5 * S, 1, 0)], ["a", "b"])
    one, two = graphs(trace, every_s=4)
    assert one.edges["a", "b"] == {"delivery": pytest.approx(2 / 3), "share": 0.75, "snr_db": pytest.approx(20)}
    assert (dict(two.edges), two.graph["start_ns"]) == ({("b", "a"): {"delivery": 1.0, "share": 0.0}}, 4 * S)
    export(trace, tmp_path / "w.dot", every_s=4)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["w-0000.dot", "w-0001.dot"]
    export(trace, tmp_path / "now.graphml", at_s=3.5)
    assert nx.read_graphml(tmp_path / "now.graphml").edges["a", "b"] == {"delivery": 1.0, "snr_db": 40.0}


NASTY = ['a"b', "../../up", "x,y", "<&>'", "back\\", "# no", " kept ", "ü–漢"]


@pytest.mark.parametrize("format", ["csv", "graphml"])
def test_names_are_data(tmp_path: Path, format: str) -> None:
    rows = [(0, OPEN_NS, node, (node + 1) % len(NASTY)) for node in range(len(NASTY))]
    trace = imported(rows, NASTY)
    again = back(trace, tmp_path / "file", format)
    names = {name.strip() for name in NASTY} if format == "csv" else set(NASTY)
    assert {name.strip() if format == "csv" else name for name in again.header.names or ()} == names
    assert len(again.links) == len(rows)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_names_in_dot_show_just_what_they_are(tmp_path: Path) -> None:
    assert [quoted(name) for name in ('a"b', "end\\", "\n;x", "\\N")] == [
        '"a\\"b"',
        '"end\\\\"',
        '"\\\\u000a;x"',
        '"\\\\N"',
    ]
    trace = imported([(0, 1, 0, 1)], ['"]; evil [', "b"])
    export(trace, tmp_path / "a.gv")
    assert '  n0 [label="\\"]; evil ["];\n' in (tmp_path / "a.gv").read_text()


def test_names_that_a_format_cannot_hold(tmp_path: Path) -> None:
    trace = imported([(0, 1, 0, 1)], ["a\x01", "b"])
    with pytest.raises(UserError, match=r"GraphML cannot hold the node 'a\\x01'"):
        export(trace, tmp_path / "a.graphml")
    with pytest.raises(UserError, match="cannot be written: its name has half a character"):
        export(imported([(0, 1, 0, 1)], ["a\ud800", "b"]), tmp_path / "a.csv")
    assert "numbered from 0" in export(trace, tmp_path / "a.txt")[0]
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_overwritten_unless_told(tmp_path: Path, format: str) -> None:
    trace, path = imported([(0, 1, 0, 1)], ["0", "1"]), tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(UserError, match="file is there already"):
        export(trace, path, format)
    assert path.read_text() == "mine"
    export(trace, path, format, overwrite=True)
    assert path.read_text() != "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_of_many_files_all_are_written_or_none(tmp_path: Path) -> None:
    (tmp_path / "air-0002.dot").write_text("mine")
    with pytest.raises(UserError, match=r"air-0002\.dot is there already"):
        export(recorded(), tmp_path / "air.dot", rounds=True)
    assert [each.name for each in tmp_path.iterdir()] == ["air-0002.dot"]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.xyz", {}, r"format '\.xyz' is none to write: choose one of one, csv, graphml, dot"),
        ("a.csv", {"at_s": 1.0}, "rounds, windows and instants are for graphs"),
        ("a.dot", {"at_s": 1.0, "every_s": 1.0}, "choose one of"),
        ("a.dot", {"rounds": True}, "an imported trace has no rounds"),
        ("a.dot", {"every_s": 0.0}, "a window of 0.0 s is none"),
        ("a.dot", {"every_s": 1e-9}, "state longer ones"),
        ("a.dot", {"at_s": 1e300}, "no instant of a trace"),
        ("", {"format": "csv"}, "is a folder"),
    ],
)
def test_what_cannot_be(tmp_path: Path, name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        export(imported([(0, S, 0, 1)], ["a", "b"]), tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_trace_without_links(tmp_path: Path, format: str) -> None:
    """A table of links would be one that no importer reads."""
    trace = imported([], ["a"])
    if format in ("one", "csv"):
        with pytest.raises(UserError, match="holds no link: there is nothing to write"):
            export(trace, tmp_path / "file", format)
        assert not (tmp_path / "file").exists()
        return
    export(trace, tmp_path / "file", format)
    if format == "graphml":
        assert import_file(tmp_path / "file").header.names == ("a",)


def test_seconds_are_exact() -> None:
    assert [seconds(each) for each in (0, 1, -1, 1_500_000_000, 10**18 + 20)] == [
        *("0", "0.000000001", "-0.000000001", "1.5", "1000000000.00000002"),
    ]
