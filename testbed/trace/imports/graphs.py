"""GraphML and GEXF files, read by networkx: who is linked to whom, and how well where an attribute of the edge says so.

| attribute | what becomes of it |
| --- | --- |
| `delivery`, `pdr`, `prr`, `tq`, `quality`, `weight` | the delivery, if it is a share (0 to 1) |
| `etx`, `cost` | delivery = 1 / value, if that is 1 or more |
| `snr_db`, `rate_bps`, `latency_ns` | as named; what this project's own export writes |

The first of the attributes of delivery that an edge has counts. Without one its delivery is 1.
Undirected edges are linked both ways. Links hold from 0 on, but in a dynamic GEXF file, whose edges have a start, an
end or spells: in seconds or in `Options.time_unit`, or as dates. Nodes' `x_m` and `y_m`, or latitude and longitude,
become their places.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx

from testbed.errors import UserError
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.documents import is_number
from testbed.trace.imports.intervals import links_of
from testbed.trace.imports.maps import Place, degrees_of, on_earth, ordered, standing
from testbed.trace.imports.spells import closed, spells
from testbed.trace.imports.xml import xml_of

NAME = "graphml"
ABOUT = "GraphML: a graph in XML; its links hold from 0 on"
READERS: dict[str, Callable[[io.BytesIO], nx.Graph]] = {
    "graphml": lambda file: nx.read_graphml(file, force_multigraph=True),
    "gexf": nx.read_gexf,
}
SHARES = ("delivery", "pdr", "prr", "tq", "quality", "weight")
COSTS = ("etx", "cost")


class Edge(NamedTuple):
    """A link and when it holds."""

    source: str
    target: str
    start_ns: int
    end_ns: int


class Quality(NamedTuple):
    """What an edge says of its link."""

    delivery: float
    snr_db: float
    rate_bps: int
    latency_ns: int


def recognises(head: str) -> bool:
    """Whether the first 64 KiB of a file are of this format."""
    return head.lstrip("\ufeff \r\n\t").startswith("<") and "<graphml" in head


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file. Raises UserError for what is no such file."""
    graph = _graph(path)
    numbers = ordered(path, map(str, graph))
    edges = _edges(path, graph, options, report)
    columns = list(zip(*((numbers[e.source], numbers[e.target], e.start_ns, e.end_ns) for e in edges), strict=True))
    qualities = list(zip(*edges.values(), strict=True)) or [()] * len(Quality._fields)
    quality = dict(zip(Quality._fields, qualities, strict=True))
    if all(snr_db != snr_db for snr_db in quality["snr_db"]):
        del quality["snr_db"]  # none is a matter of the format, some would be one of the file
    links = links_of(report, *(columns or [()] * 4), directed=graph.is_directed(), **quality)
    said = {"directed": graph.is_directed(), "edges": graph.number_of_edges()}
    return Found(tuple(numbers), links, standing(_places(graph, numbers)), said)


def _graph(path: Path) -> nx.Graph:
    root, text = xml_of(path)
    if root not in READERS:
        raise UserError(f"{path}: its root is <{root[:40]}>, not <graphml> or <gexf>.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what networkx passes over has no meaning for links
            graph = READERS[root](io.BytesIO(closed(text)))
    except Exception as error:  # networkx raises whatever its parsers raise
        raise UserError(
            f"{path} cannot be read as {root}: {' '.join(str(error).split())[:200] or type(error).__name__}."
        ) from None
    return graph


def _edges(path: Path, graph: nx.Graph, options: Options, report: Report) -> dict[Edge, Quality]:
    """What is linked when, and how well; of several edges of one pair and time the worst."""
    found: dict[Edge, Quality] = {}
    for source, target, data in graph.edges(data=True):
        quality = _quality(data, report)
        if quality is None:
            continue
        ends = (str(source), str(target))
        if not graph.is_directed() and ends[1] < ends[0]:
            ends = ends[1], ends[0]
        for start_ns, end_ns in spells(path, data, graph.graph, options, report):
            edge = Edge(*ends, start_ns, end_ns)
            if edge in found:
                same = _same(found[edge], quality)
                report.rejected("duplicate" if same else "other_quality", done="left out: of several the worst is kept")
            found[edge] = min(found.get(edge, quality), quality)
    return found


def _same(one: Quality, other: Quality) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))


def _quality(data: dict[str, Any], report: Report) -> Quality | None:
    """None for an edge on which nothing arrives."""
    delivery = 1.0
    for name, value in _numbers(data):
        if name in COSTS and value >= 1:
            delivery = 1 / value
        elif name in SHARES and 0 <= value <= 1:
            delivery = value
        else:
            report.mended("no_share", f"delivery 1: {name} is out of range")
        break
    if delivery == 0:
        report.rejected("no_delivery")
        return None
    snr_db, rate_bps, latency_ns = (data.get(name) for name in ("snr_db", "rate_bps", "latency_ns"))
    return Quality(
        delivery,
        float(snr_db) if is_number(snr_db) and abs(snr_db) < 1e6 else float("nan"),
        *(int(each) if is_number(each) and 0 <= each < 2**62 else 0 for each in (rate_bps, latency_ns)),
    )


def _numbers(data: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The attributes that tell the delivery, in the order in which they count."""
    lower = {str(name).lower(): value for name, value in data.items()}
    for name in (*SHARES[:-1], *COSTS, SHARES[-1]):
        if is_number(value := lower.get(name)):
            yield name, value


def _places(graph: nx.Graph, numbers: dict[str, int]) -> dict[int, Place]:
    metres, degrees = dict[int, Place](), dict[int, Place]()
    for node, data in graph.nodes(data=True):
        number, lower = numbers[str(node)], {str(name).lower(): value for name, value in data.items()}
        x_m, y_m = lower.get("x_m"), lower.get("y_m")
        if is_number(x_m) and is_number(y_m) and max(abs(x_m), abs(y_m)) < 1e12:
            metres[number] = float(x_m), float(y_m)
        elif place := degrees_of(
            *(_first(lower, names) for names in (("latitude", "lat"), ("longitude", "lon", "lng")))
        ):
            degrees[number] = place
    return metres or on_earth(degrees)


def _first(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((data[name] for name in names if name in data), None)
