"""Freifunk maps: nodes and links of a batman-adv mesh as meshviewer and meshnet-lab write them, with TQ both ways.

`source_tq` is what the source says of its way to the target, `target_tq` the other way round; both are shares (0 to 1)
and are taken as the delivery. Links without them are tunnels through the internet (VPN), no radio links: they are left
out. `x`, `y` are degrees of latitude and longitude there, `location` is in meshviewer's own files.
A map has no times: its links hold from 0 on.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.documents import is_number, json_of, name_of, rows_of
from testbed.trace.imports.intervals import links_of
from testbed.trace.imports.maps import Place, degrees_of, on_earth, ordered, standing

NAME = "freifunk"
ABOUT = "Freifunk map: a JSON object with nodes and links that have source_tq and target_tq (0 to 1)"


def recognises(head: str) -> bool:
    """Whether the first 64 KiB of a file are of this format."""
    return head.lstrip().startswith("{") and '"source_tq"' in head and '"NetworkGraph"' not in head


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file. Raises UserError for what is no such file."""
    tree = json_of(path)
    rows = rows_of(path, tree, "nodes")
    ids = [name_of(path, node, _key(node), f"nodes[{place}]") for place, node in enumerate(rows)]
    report.rejected("duplicate_node", len(ids) - len(set(ids)))
    shares = _shares(path, tree, report)
    numbers = ordered(path, [*ids, *(end for pair in shares for end in pair)])
    report.mended("unknown_node", "taken as a node", len(numbers) - len(set(ids)))
    links = links_of(
        report,
        [numbers[source] for source, _ in shares],
        [numbers[target] for _, target in shares],
        [0] * len(shares),
        [OPEN_NS] * len(shares),
        directed=True,
        delivery=list(shares.values()),
    )
    degrees = {numbers[id_]: place for id_, node in zip(ids, rows, strict=True) if (place := _degrees(node))}
    return Found(tuple(numbers), links, standing(on_earth(degrees)))


def _key(node: Mapping[str, Any]) -> str:
    return "id" if "id" in node else "node_id"


def _degrees(node: Mapping[str, Any]) -> Place | None:
    location = node.get("location")
    if isinstance(location, dict):
        return degrees_of(location.get("latitude"), location.get("longitude"))
    return degrees_of(node.get("x"), node.get("y"))


def _shares(path: Path, tree: dict[str, Any], report: Report) -> dict[tuple[str, str], float]:
    """By directed pair its delivery; of several different ones the lowest, whatever the order of rows."""
    shares: dict[tuple[str, str], float] = {}
    for pair, share in _directed(path, tree, report):
        if pair[0] == pair[1]:
            report.rejected("self_loop")
        elif share == 0:
            report.rejected("no_delivery")
        elif pair not in shares:
            shares[pair] = share
        elif shares[pair] == share:
            report.rejected("duplicate")
        else:
            report.rejected("other_quality", done="left out: the lowest quality of a pair is kept")
            shares[pair] = min(shares[pair], share)
    return shares


def _directed(path: Path, tree: dict[str, Any], report: Report) -> Iterator[tuple[tuple[str, str], float]]:
    """Both ways of each link that says how good it is."""
    for place, link in enumerate(rows_of(path, tree, "links")):
        where = f"links[{place}]"
        source, target = (name_of(path, link, key, where) for key in ("source", "target"))
        if link.get("source_tq") is None and link.get("target_tq") is None:
            report.rejected("missing_quality", done="left out: a link without TQ is no radio link")
            continue
        for key, pair in (("source_tq", (source, target)), ("target_tq", (target, source))):
            if link.get(key) is None:
                report.rejected("missing_direction")
                continue
            yield pair, _share(path, link[key], f"{where}.{key}")


def _share(path: Path, tq: object, where: str) -> float:
    if not is_number(tq) or not 0 <= tq <= 1:
        raise UserError(f"{path}: {where} should be a share from 0 to 1, not {str(tq)[:40]!r}.")
    return float(tq)
