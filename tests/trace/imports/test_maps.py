"""NetJSON and Freifunk maps: counts of real files, and what becomes of what is odd."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS
from testbed.trace.imports import documents, freifunk, netjson
from testbed.trace.imports.base import Found, Options, Report

FILES = Path(__file__).parent / "files"
OTHERS = os.environ.get("TESTBED_TRACES")


def read(module: Any, path: Path, tree: object) -> tuple[Found, dict[str, int]]:
    path.write_text(tree if isinstance(tree, str) else json.dumps(tree))
    report = Report()
    found = module.read(path, Options(), report)
    return found, {each.reason: each.count for each in report.oddities()}


def olsr(
    *links: tuple[Any, Any, Any], nodes: tuple[str, ...] = ("10.0.0.2", "10.0.0.10"), **keys: Any
) -> dict[str, Any]:
    rows = [{"source": source, "target": target, "cost": cost} for source, target, cost in links]
    return {"type": "NetworkGraph", "metric": "ETX", "nodes": [{"id": id_} for id_ in nodes], "links": rows} | keys


def shares(found: Found) -> dict[tuple[str, str], float]:
    links = found.links
    ends = zip(links.src.tolist(), links.dst.tolist(), links.delivery.tolist(), strict=True)
    return {(found.names[src], found.names[dst]): share for src, dst, share in ends}


def test_the_cost_is_etx_and_links_are_directed(tmp_path: Path) -> None:
    found, odd = read(netjson, tmp_path / "map", olsr(("10.0.0.10", "10.0.0.2", 2), ("10.0.0.2", "10.0.0.10", 1.25)))
    assert found.names == ("10.0.0.2", "10.0.0.10")
    assert shares(found) == {("10.0.0.2", "10.0.0.10"): 0.8, ("10.0.0.10", "10.0.0.2"): 0.5}
    assert set(found.links.t_end_ns.tolist()) == {OPEN_NS}
    assert odd == {}


def test_the_highest_cost_of_a_pair_is_kept_whatever_the_order(tmp_path: Path) -> None:
    links = [("a", "b", 1.5), ("a", "b", 2.0), ("a", "b", 2.0)]
    for order in (links, links[::-1]):
        found, odd = read(netjson, tmp_path / "map", olsr(*order, nodes=("a", "b")))
        assert shares(found) == {("a", "b"): 0.5}
        assert odd == {"duplicate": 1, "other_cost": 1}


def test_costs_that_are_no_etx(tmp_path: Path) -> None:
    links = [("a", "b", 0.5), ("b", "a", 0), ("a", "c", -1), ("c", "a", 1e308 * 10), ("a", "a", 1), ("b", "c", 10**400)]
    text = json.dumps(olsr(*links, nodes=("a", "b"))).replace("Infinity", "1e999")
    found, odd = read(netjson, tmp_path / "map", text)
    assert shares(found) == {("a", "b"): 1.0}
    assert odd == {"cost_below_1": 1, "cost_not_positive": 2, "infinite_cost": 2, "self_loop": 1}
    found, odd = read(netjson, tmp_path / "map", olsr(("a", "z", 3), nodes=("a",), metric="hops"))
    assert shares(found) == {("a", "z"): 1.0}
    assert odd == {"missing_quality": 1, "unknown_node": 1}


@pytest.mark.slow
@pytest.mark.skipif(OTHERS is None, reason="TESTBED_TRACES names no folder with the traces of others")
def test_the_map_of_the_battlemesh() -> None:
    report = Report()
    found = netjson.read(Path(str(OTHERS)) / "battlemesh10_NetworkGraph-10dbm.json", Options(), report)
    assert (len(found.names), len(found.links)) == (16, 114)
    assert sum(each.count for each in report.oddities() if each.rejected) == 124 - 114


def test_the_map_of_leipzig() -> None:
    report = Report()
    found = freifunk.read(FILES / "freifunk-leipzig.json", Options(), report)
    assert (len(found.names), len(found.links)) == (210, 2 * (413 - 83))
    assert [(each.reason, each.count, each.rejected) for each in report.oddities()] == [("missing_quality", 83, True)]
    assert shares(found)["165", "0"] == 0.9372549
    assert shares(found)["0", "165"] == 1
    places = dict(zip(found.nodes.node.tolist(), zip(found.nodes.x_m, found.nodes.y_m, strict=True), strict=True))
    assert len(places) == 173
    east_m, north_m = np.subtract(places[1], places[0])  # 51.30789 N 12.37437 E, 51.31162 N 12.27626 E
    assert east_m == pytest.approx(6_811, rel=2e-3)
    assert north_m == pytest.approx(-415, rel=2e-3)


def test_a_link_known_one_way_alone_is_one_way(tmp_path: Path) -> None:
    tree = {"nodes": [{"id": 2}, {"id": 10}], "links": [{"source": 10, "target": 2, "source_tq": 0.5}]}
    found, odd = read(freifunk, tmp_path / "map", tree)
    assert found.names == ("2", "10")
    assert shares(found) == {("10", "2"): 0.5}
    assert odd == {"missing_direction": 1}
    tree["links"][0] |= {"target_tq": 0}
    assert read(freifunk, tmp_path / "map", tree)[1] == {"no_delivery": 1}


def test_the_location_of_meshviewers_own_files_is_taken(tmp_path: Path) -> None:
    nodes = [
        {"node_id": name, "location": {"latitude": north, "longitude": 10}} for name, north in (("a", 50), ("b", 50.01))
    ]
    tree = {"nodes": nodes, "links": [{"source": "a", "target": "b", "source_tq": 1, "target_tq": 1}]}
    found, _ = read(freifunk, tmp_path / "map", tree)
    assert found.nodes.y_m.tolist() == pytest.approx([0, 1_111.9], abs=0.2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the file is empty"),
        ('{"type": "NetworkGraph",\n "nodes": [', "line 2: this is no JSON"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "should hold one JSON object, not a list"),
        ('{"type": "NetworkGraph", "links": NaN}', "NaN is no number of JSON"),
        ('{"type": "NetworkGraph", "type": "NetworkGraph"}', "the key 'type' stands twice"),
        ('{"type": "Network"}', 'should be "NetworkGraph"'),
        ('{"type": "NetworkGraph", "nodes": {}}', "'nodes' should be a list"),
        (olsr((["a"], "b", 1)), r"links\[0\].source should be the id of a node"),
        (olsr((True, "b", 1)), r"links\[0\].source should be the id of a node"),
        (olsr(("a", "b", "1.5")), r"links\[0\].cost should be a number, not '1.5'"),
        (olsr(("a", "b", None)), r"links\[0\].cost should be a number"),
        (olsr(("a\u0007", "b", 1)), "control characters"),
        (olsr(("", "b", 1)), "a node has no name"),
        (olsr(nodes=()), "holds no node"),
        ('{"type": "NetworkGraph", "n": ' + "9" * 5000 + "}", "no sound JSON"),
    ],
)
def test_a_damaged_map_is_told_what_is_wrong(tmp_path: Path, text: object, words: str) -> None:
    with pytest.raises(UserError, match=words) as complaint:
        read(netjson, tmp_path / "map", text)
    assert "map" in str(complaint.value)


@pytest.mark.parametrize("tq", [1.01, -0.1, "1", True, [1]])
def test_a_tq_outside_0_to_1_is_an_error(tmp_path: Path, tq: object) -> None:
    tree = {"nodes": [{"id": 0}, {"id": 1}], "links": [{"source": 0, "target": 1, "source_tq": tq}]}
    with pytest.raises(UserError, match=r"links\[0\]\.source_tq should be a share from 0 to 1"):
        read(freifunk, tmp_path / "map", tree)


def test_a_document_beyond_the_limit_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", 1 << 20)
    (tmp_path / "bomb").write_bytes(gzip.compress(b" " * (8 << 20)))
    with pytest.raises(UserError, match=r"bomb is longer than 1 MiB \(unpacked\)"):
        netjson.read(tmp_path / "bomb", Options(), Report())


def test_a_path_as_the_name_of_a_node_stays_a_name(tmp_path: Path) -> None:
    found, _ = read(netjson, tmp_path / "map", olsr(("../../etc/passwd", "/x", 1), nodes=("/x",)))
    assert set(found.names) == {"../../etc/passwd", "/x"}
    assert [each.name for each in tmp_path.iterdir()] == ["map"]
