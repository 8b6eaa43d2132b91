"""A small file of every format, hand-made or the head of a real one, and what every imported trace must keep to."""

import gzip
from pathlib import Path

import numpy as np

from testbed.errors import UserError
from testbed.trace import Trace
from testbed.trace.checks import complaint
from testbed.trace.format import NO_ROUND, Header
from testbed.trace.imports import import_file
from testbed.trace.imports.base import Options

FILES = Path(__file__).parent / "files"

SAMPLES: dict[str, bytes] = {
    "one": b"# time action\n0.5 CONN 1 2 up\n1 CONN n3 2 UP\n2.25 CONN 2 1 down\n3 CONN n3 2 down\n4 C M1 1 2 500\n",
    "imote": b"1\t2\t10\t20\t1\t0\n1\t3\t30\t30\t1\t0\n2\t1\t15\t25\t1\t0\n",
    "sociopatterns": b"20 15 16\n40 15 16\n40 15 987\n100 16 15\n",
    "contacts": b"a b 10 20\nb c 15 15\na b 30.5 40\n",
    "csv": b"t_start_ns,t_end_ns,src,dst,snr_db,delivery,rate_bps,latency_ns\n"
    b"0,1000,one,two,12.5,0.75,6000000,100\n500,9223372036854775807,two,one,,1.0,0,0\n",
    "k7": b"".join(gzip.decompress((FILES / "grenoble.k7.gz").read_bytes()).splitlines(keepends=True)[:40]),
    "netjson": b'{"type": "NetworkGraph", "protocol": "olsr", "version": "1", "metric": "etx",\n'
    b' "nodes": [{"id": "10.0.0.1"}, {"id": "10.0.0.2"}],\n'
    b' "links": [{"source": "10.0.0.1", "target": "10.0.0.2", "cost": 1.5}]}\n',
    "freifunk": b'{"links": [{"source": 1, "source_tq": 0.9, "target": 0, "target_tq": 1, "type": "wifi"}],\n'
    b' "nodes": [{"id": 0, "x": 12.3, "y": 51.3}, {"id": 1, "x": 12.4, "y": 51.3}]}\n',
    "graphml": (FILES / "Abilene.graphml").read_bytes(),
    "gexf": b'<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n'
    b'<graph defaultedgetype="undirected"><nodes><node id="0" label="a"/><node id="1" label="b"/></nodes>\n'
    b'<edges><edge id="0" source="0" target="1"/></edges></graph></gexf>\n',
    "ns2": b"$node_(0) set X_ 10.0\n$node_(0) set Y_ 20.0\n$node_(1) set X_ 15.0\n$node_(1) set Y_ 20.0\n"
    b'$ns_ at 1.0 "$node_(0) setdest 100.0 20.0 5.0"\n# $ns_ at 2.0 "$node_(0) setdest 0 0 1"\n',
}
OPTIONS = {"contacts": Options(time_unit="s"), "ns2": Options(range_m=20.0)}
"""What the samples need to have stated."""


def imported(path: Path, content: bytes, format: str | None = None, options: Options | None = None) -> Trace:
    """The trace of a file with this content, as `format`."""
    path.write_bytes(content)
    return import_file(path, format, options or OPTIONS.get(format or "", Options()))


def outcome(path: Path, content: bytes, format: str, options: Options | None = None) -> str | None:
    """The complaint about a file, which names it; None if it gives a trace, which is sound. Nothing else may happen."""
    try:
        trace = imported(path, content, format, options)
    except UserError as error:
        said = str(error)
    else:
        assert_sound(trace)
        return None
    assert path.name in said
    assert "\n" not in said
    return said


def assert_sound(trace: Trace) -> None:
    """That it keeps every promise of an imported trace."""
    header, links = trace.header, trace.links
    assert complaint(links, header.nodes) is None
    assert complaint(trace.nodes, header.nodes) is None
    assert Header.model_validate_json(header.model_dump_json()) == header
    assert header.seed is header.scenario is None
    assert header.names is not None
    assert len(set(header.names)) == header.nodes == len(header.names)
    assert (links.round == NO_ROUND).all()
    order = np.lexsort((links.dst, links.src, links.t_start_ns))
    assert np.array_equal(order, np.arange(len(links)))
    by_pair = np.lexsort((links.t_start_ns, links.dst, links.src))
    pairs = np.stack([links.src, links.dst])[:, by_pair]
    same = (pairs[:, 1:] == pairs[:, :-1]).all(axis=0)
    starts, ends = links.t_start_ns[by_pair], links.t_end_ns[by_pair]
    assert (ends[:-1] <= starts[1:])[same].all()
    assert (starts[:-1] < starts[1:])[same].all()


def oddities(trace: Trace) -> dict[str, int]:
    """By reason, how many there were."""
    found: dict[str, int] = {}
    for oddity in trace.header.provenance[0]["oddities"]:
        found[oddity["reason"]] = found.get(oddity["reason"], 0) + oddity["count"]
    return found
