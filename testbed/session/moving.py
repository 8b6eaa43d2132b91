"""A movement trace as a link trace by ns-3: devices follow it and send nothing but hellos, which give the links.

The importer `ns2` has a disc in place of the radio; it is what there is without the engine.
"""

import dataclasses
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.exchange import LONGEST_S, Exchange, Outbox
from testbed.movement import Node, legs
from testbed.network.ns3 import Ns3Network
from testbed.scenario import Scenario, parse
from testbed.trace import NO_ROUND, Header, LinkRows, NodeRows, Trace
from testbed.trace.imports.base import Options, Report
from testbed.trace.imports.ns2 import instants_of, read_nodes
from testbed.trace.value import joined

NOTHING = Outbox.of(src=[], dst=[], size_bytes=[], ready_ns=[])
Rows = tuple[LinkRows, NodeRows]


def record_movement(
    file: Path,
    *,
    period_s: float = 1.0,
    from_s: float | None = None,
    to_s: float | None = None,
    seed: int = 1,
    network: Mapping[str, Any] | None = None,
) -> Trace:
    """The links among the nodes of an ns-2 movement file, looked at every `period_s` seconds, by ns-3's 802.11a.

    At the start of each period every node sends `hellos` within `hello_s` (by default 1 s, or the period if that is
    shorter); who hears enough of whom, both ways, is linked until the next period. `network` has other keys of
    `[network]`, such as `loss` or `tx_power_dbm`. The trace is as an imported one: no rounds, the file's ids as names.
    Raises UserError for a file that is no movement, keys that cannot be, and where there is no engine.
    """
    if not (isfinite(period_s) and period_s > 0):
        raise UserError(f"a period of {period_s} s is none: state a length above 0.")
    report = Report()
    nodes = read_nodes(file, report)
    options = Options(from_s=from_s, to_s=to_s, step_s=period_s)
    instants = instants_of(file, [legs(node) for node in nodes.values()], options)
    with tempfile.TemporaryDirectory() as folder:
        clean = Path(folder) / "movement"
        clean.write_text("".join(_lines(nodes)), "utf-8")
        with closing(Ns3Network(_scenario(clean, len(nodes), period_s, seed, network or {}))) as air:
            parts = list(_parts(air, instants))
            radio = {key: value for key, value in air.describe().items() if key != "kind"}
    links, places = (list(each) for each in zip(*parts, strict=True))
    header = Header(
        nodes=len(nodes),
        names=tuple(map(str, nodes)),
        network={"kind": "imported", "format": "ns2", "model": "ns3", "period_s": period_s, "radio": radio},
        provenance=(_step(file, options, seed, dict(network or {}), report),),
    )
    return Trace(header, joined(LinkRows, links), joined(NodeRows, places))


def _scenario(movement: Path, count: int, period_s: float, seed: int, keys: Mapping[str, Any]) -> Scenario:
    own = {"kind": "ns3", "mobility": "ns2", "mobility_file": str(movement)}
    tree = {
        "run": {"seed": seed, "deadline_s": LONGEST_S},
        "devices": {"count": count},
        "network": {"hello_s": min(1.0, period_s), **keys, **own},
    }
    scenario = parse(tree)
    if scenario.network.hello_s > period_s:
        raise UserError(
            f"network.hello_s = {scenario.network.hello_s:g} should be no longer than a period, {period_s:g} s."
        )
    return scenario


def _parts(air: Ns3Network, instants: list[float]) -> Iterator[Rows]:
    """The rows of one period after the other; the last instant only ends the last period."""
    times_ns = [round(instant * 1e9) for instant in instants]
    for number, (opened_ns, until_ns) in enumerate(pairwise(times_ns)):
        yield _rows(air.exchange(number, opened_ns, NOTHING), until_ns)


def _rows(exchange: Exchange, until_ns: int) -> Rows:
    links, nodes = LinkRows.of_round(NO_ROUND, exchange), NodeRows.of_round(NO_ROUND, exchange)
    linked = np.flatnonzero(links.neighbour)
    linked = linked[np.lexsort((links.dst[linked], links.src[linked]))]
    kept = {name: getattr(links, name)[linked] for name in LinkRows.columns()}
    return LinkRows.of(**{**kept, "t_end_ns": np.full(len(linked), until_ns)}), nodes


def _lines(nodes: Mapping[int, Node]) -> Iterator[str]:
    """The movement as the strict reader takes it."""
    for id_, node in nodes.items():
        yield "".join(f"$node_({id_}) set {axis}_ {metres!r}\n" for axis, metres in node.start.items())
        for at_s, x_m, y_m, speed_mps in node.moves:
            yield f'$ns_ at {at_s!r} "$node_({id_}) setdest {x_m!r} {y_m!r} {speed_mps!r}"\n'


def _step(file: Path, options: Options, seed: int, network: dict[str, Any], report: Report) -> dict[str, Any]:
    """Where the trace comes from."""
    with file.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    stated = {"from_s": options.from_s, "to_s": options.to_s, "period_s": options.step_s}
    return {
        "step": "import",
        "format": "ns2",
        "file": file.name,
        "sha256": digest,
        "options": {key: value for key, value in stated.items() if value is not None}
        | {"seed": seed, "network": network},
        "oddities": [dataclasses.asdict(oddity) for oddity in report.oddities()],
    }
