"""NetJSON NetworkGraph: the topology that a routing protocol sees, with a cost for each directed link.

The cost is taken as ETX, the expected number of transmissions (De Couto et al., 2003): delivery = 1 / cost. ETX counts
the way there and back, so this is the share for both together, a lower bound of either.
A map has no times: its links hold from 0 on.
"""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS, NodeRows
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.documents import is_number, json_of, name_of, rows_of
from testbed.trace.imports.intervals import links_of
from testbed.trace.imports.maps import ordered

NAME = "netjson"
ABOUT = 'NetJSON NetworkGraph: a JSON object with "type": "NetworkGraph", its costs taken as ETX'
SAID = ("protocol", "version", "metric", "revision", "label")
"""Keys of the file that the header keeps."""
LIKE_ETX = ("etx", "tq")
"""In the name of a metric whose cost is 1 / delivery: OLSR's, and batman-adv's as NetJSON states it."""

Pair = tuple[str, str]


def recognises(head: str) -> bool:
    """Whether the first 64 KiB of a file are of this format."""
    return head.lstrip().startswith("{") and '"NetworkGraph"' in head


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file. Raises UserError for what is no such file."""
    tree = json_of(path)
    if tree.get("type") != "NetworkGraph":
        raise UserError(f'{path}: "type" should be "NetworkGraph", not {str(tree.get("type"))[:40]!r}.')
    nodes = [name_of(path, node, "id", f"nodes[{i}]") for i, node in enumerate(rows_of(path, tree, "nodes"))]
    report.rejected("duplicate_node", len(nodes) - len(set(nodes)))
    costs = _costs(path, tree, report)
    numbers = ordered(path, [*nodes, *(end for pair in costs for end in pair)])
    report.mended("unknown_node", "taken as a node", len(numbers) - len(set(nodes)))
    links = links_of(
        report,
        [numbers[source] for source, _ in costs],
        [numbers[target] for _, target in costs],
        [0] * len(costs),
        [OPEN_NS] * len(costs),
        directed=True,
        delivery=_deliveries(costs, str(tree.get("metric")), report),
    )
    said = {key: tree[key] for key in SAID if isinstance(tree.get(key), str)}
    return Found(tuple(numbers), links, NodeRows.none(), said)


def _costs(path: Path, tree: Mapping[str, Any], report: Report) -> dict[Pair, float]:
    """By directed pair its cost; of several the highest.

    Protocols list a link as its own end and as its neighbours know it, at different ages. The file does not say which
    is the fresher, so the choice should not hang on the order of rows, nor make a link better than its worst report.
    """
    costs: dict[Pair, float] = {}
    for place, link in enumerate(rows_of(path, dict(tree), "links")):
        where = f"links[{place}]"
        pair = name_of(path, link, "source", where), name_of(path, link, "target", where)
        cost = link.get("cost")
        if not is_number(cost):
            raise UserError(f"{path}: {where}.cost should be a number, not {str(cost)[:40]!r}.")
        if not _is_finite(cost):
            report.rejected("infinite_cost")
        elif cost <= 0:
            report.rejected("cost_not_positive")
        elif pair not in costs:
            costs[pair] = float(cost)
        elif costs[pair] == cost:
            report.rejected("duplicate")
        else:
            report.rejected("other_cost", done="left out: the highest cost of a pair is kept")
            costs[pair] = max(costs[pair], float(cost))
    return costs


def _deliveries(costs: Mapping[Pair, float], metric: str, report: Report) -> list[float]:
    """1 / cost; where the metric is of another kind (hops, babel's units), nothing is known of the quality."""
    if not any(word in metric.lower() for word in LIKE_ETX):
        report.mended("missing_quality", "delivery 1: the metric is not ETX", len(costs))
        return [1.0] * len(costs)
    report.mended("cost_below_1", "delivery 1", sum(cost < 1 for cost in costs.values()))
    return [min(1.0, 1 / cost) for cost in costs.values()]


def _is_finite(cost: float) -> bool:
    try:
        return isfinite(cost)
    except OverflowError:  # a whole number beyond all doubles
        return False
