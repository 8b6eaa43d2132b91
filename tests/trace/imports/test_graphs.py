"""GraphML and GEXF: attributes that tell the quality, links over time, and XML that means harm."""

from pathlib import Path

import networkx as nx
import pytest

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS
from testbed.trace.imports import gexf, graphs
from testbed.trace.imports.base import Found, Options, Report

FILES = Path(__file__).parent / "files"
S = 10**9


def read(path: Path, options: Options | None = None) -> tuple[Found, dict[str, int]]:
    report = Report()
    found = graphs.read(path, options or Options(), report)
    return found, {each.reason: each.count for each in report.oddities()}


def rows(found: Found) -> list[tuple[str, str, int, int, float]]:
    links = found.links
    columns = (links.src, links.dst, links.t_start_ns, links.t_end_ns, links.delivery)
    ends = zip(*(column.tolist() for column in columns), strict=True)
    return [(found.names[src], found.names[dst], start, end, share) for src, dst, start, end, share in ends]


def test_abilene() -> None:
    found, odd = read(FILES / "Abilene.graphml")
    assert (len(found.names), len(found.links)) == (11, 2 * 14)
    assert odd == {}
    assert found.links.delivery.tolist() == [1.0] * 28
    assert len(found.nodes) == 11
    assert found.network == {"directed": False, "edges": 14}


@pytest.mark.parametrize(
    ("attribute", "value", "delivery"),
    [
        ("delivery", 0.25, 0.25),
        ("weight", 0.5, 0.5),
        ("etx", 4.0, 0.25),
        ("Cost", 1.0, 1.0),
        ("tq", 1, 1.0),
        ("label", "x", 1.0),
    ],
)
def test_an_attribute_tells_the_delivery(tmp_path: Path, attribute: str, value: object, delivery: float) -> None:
    graph = nx.DiGraph()
    graph.add_edge("b", "a", **{attribute: value})
    nx.write_graphml(graph, tmp_path / "graph")
    found, odd = read(tmp_path / "graph")
    assert rows(found) == [("b", "a", 0, OPEN_NS, delivery)]
    assert odd == {}


def test_what_is_no_share_and_edges_that_are_there_twice(tmp_path: Path) -> None:
    graph = nx.MultiGraph([("a", "b"), ("b", "a"), ("a", "a"), ("b", "c"), ("c", "d"), ("d", "e")])
    graph.edges["a", "b", 0]["delivery"], graph.edges["a", "b", 1]["delivery"] = 0.5, 0.75
    graph.edges["b", "c", 0]["weight"], graph.edges["c", "d", 0]["pdr"] = 12.5, 0.0
    nx.write_graphml(graph, tmp_path / "graph")
    found, odd = read(tmp_path / "graph")
    assert {each[:2]: each[4] for each in rows(found)} == {
        **dict.fromkeys([("a", "b"), ("b", "a")], 0.5),
        **dict.fromkeys([("b", "c"), ("c", "b"), ("d", "e"), ("e", "d")], 1.0),
    }
    assert odd == {"other_quality": 1, "no_share": 1, "no_delivery": 1, "self_loop": 1}


def test_the_spells_of_a_gexf_file_are_links_over_time(tmp_path: Path) -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "b", spells=[(1.5, 3.0), (5.0, None)], weight=0.5)
    graph.add_edge("b", "c", start=0.25, end=9.0)
    nx.write_gexf(graph, tmp_path / "graph")
    found, odd = read(tmp_path / "graph")
    assert rows(found) == [
        ("b", "c", S // 4, 9 * S, 1.0),
        ("a", "b", 3 * S // 2, 3 * S, 0.5),
        ("a", "b", 5 * S, OPEN_NS, 0.5),
    ]
    assert odd == {}
    found, _ = read(tmp_path / "graph", Options(time_unit="ms", to_s=0.001))
    assert rows(found) == [("b", "c", 250_000, 9_000_000, 1.0)]
    with pytest.raises(UserError, match="time unit 'weeks' should be one of ns, us"):
        read(tmp_path / "graph", Options(time_unit="weeks"))


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [("2020-01-01", "2020-01-02", ""), ("soon", "later", "'soon' of an edge is no number and no date")],
)
def test_dates(tmp_path: Path, start: str, end: str, words: str) -> None:
    text = f"""<gexf xmlns="http://www.gexf.net/1.2draft">
    <graph mode="dynamic" timeformat="date" defaultedgetype="directed"><nodes><node id="a"/><node id="b"/></nodes>
    <edges><edge id="0" source="a" target="b" start="{start}" end="{end}"/></edges></graph></gexf>"""
    (tmp_path / "graph").write_text(text)
    if words:
        with pytest.raises(UserError, match=words):
            read(tmp_path / "graph")
    else:
        assert rows(read(tmp_path / "graph")[0]) == [("a", "b", 1577836800 * S, 1577923200 * S, 1.0)]


LAUGHS = '<!DOCTYPE g [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"<?xml version='1.0'?>\n{LAUGHS}<graphml>&b;</graphml>", "line 2: it declares a document type"),
        ('<!DOCTYPE g SYSTEM "file:///etc/passwd"><graphml/>', "line 1: it declares a document type"),
        ("<graphml>\n" + "<graph>" * 200, "line 2: its elements are nested more than 100 deep"),
        ("<graphml>\n<graph>", "line 2: this is no XML: no element found"),
        ("<html></html>", "its root is <html>, not <graphml>"),
        ("<graphml>&undefined;</graphml>", "this is no XML: undefined entity"),
        ("<?xml version='1.0' encoding='x-none'?><graphml/>", "no XML: unknown encoding|cannot be decoded"),
        ("\x00\x01\x02", "this is no XML"),
        ("", "the file is empty"),
        ("<graphml/>", "cannot be read as graphml"),
        ('<graphml><graph edgedefault="directed"/></graphml>', "cannot be read as graphml|holds no node"),
    ],
)
def test_xml_that_is_none_or_means_harm(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "graph").write_text(text)
    with pytest.raises(UserError, match=words):
        read(tmp_path / "graph")


def test_which_is_which() -> None:
    head = (FILES / "Abilene.graphml").read_text()
    assert (graphs.recognises(head), gexf.recognises(head)) == (True, False)
    assert gexf.recognises('\ufeff<?xml version="1.0"?>\n<gexf xmlns="http://www.gexf.net/1.2draft">')
    assert not graphs.recognises('{"a": "<graphml"}')
