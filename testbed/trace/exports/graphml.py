"""GraphML: a directed graph with the names of the nodes; an edge has the attributes of a `Snapshot` that are known."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from testbed.errors import UserError
from testbed.trace.exports.snapshots import EDGE, Snapshot

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""
TIMES = ("start_ns", "end_ns")
PLACE = ("x_m", "y_m")


def pieces(snapshot: Snapshot) -> Iterator[bytes]:
    """The file. Raises UserError for a name that XML cannot hold."""
    ids = [_id(name) for name in snapshot.names]
    yield HEAD.encode()
    kinds = [("graph", name, "long") for name in TIMES] + [("node", name, "double") for name in PLACE]
    for what, name, kind in kinds + [("edge", name, kind) for name, kind in EDGE.items()]:
        yield f'  <key id="{name}" for="{what}" attr.name="{name}" attr.type="{kind}"/>\n'.encode()
    yield b'  <graph edgedefault="directed">\n'
    yield "".join(f"    {_data(name, getattr(snapshot, name))}\n" for name in TIMES).encode()
    for id_, (_, place) in zip(ids, snapshot.nodes(), strict=True):
        yield f"    <node id={id_}>{''.join(_data(*each) for each in place.items())}</node>\n".encode()
    for src, dst, known in snapshot.edges():
        data = "".join(_data(*each) for each in known.items())
        yield f"    <edge source={ids[src]} target={ids[dst]}>{data}</edge>\n".encode()
    yield b"  </graph>\n</graphml>\n"


def _id(name: str) -> str:
    if NOT_XML.search(name):
        raise UserError(
            f"GraphML cannot hold the node {name!r}: its name has a control character. Export as csv or dot."
        )
    return quoteattr(name)


def _data(key: str, value: float) -> str:
    return f'<data key="{key}">{value!r}</data>'
