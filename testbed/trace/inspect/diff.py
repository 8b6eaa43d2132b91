"""Where two traces part: in which keys of their headers, and from which round or instant on in which row."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed.exchange import Table
from testbed.trace.format import BY_ROUND, NO_ROUND, columns
from testbed.trace.inspect.tabular import Columns, Unlike, same, unlike
from testbed.trace.value import Trace, joined

KEYS = {
    "rounds": ("round",),
    "messages": ("round", "ready_ns", "src", "dst"),
    "links": ("round", "t_start_ns", "src", "dst"),
    "deliveries": ("round", "started_ns", "src", "dst"),
    "nodes": ("round", "t_ns", "node"),
    "sightings": ("round", "time_ns", "device", "neighbour"),
}
"""By table, what makes two rows the same one: first the round, then a time if it has one."""


@dataclass(frozen=True)
class HeaderKey:
    """A key of the header, with dots; None where a trace does not have it."""

    key: str
    a: Any
    b: Any


@dataclass(frozen=True)
class Parting:
    """The first row that differs."""

    table: str
    round: int
    """NO_ROUND where it belongs to none."""
    time_ns: int | None
    row_a: int | None
    """Its number in the table, from 0; None where A does not have it."""
    row_b: int | None
    key: dict[str, Any]
    """What both say."""
    values: dict[str, tuple[Any, Any]]
    """By column, what A and B say of it; empty where only one has it."""


@dataclass(frozen=True)
class Difference:
    """Between two traces, A and B."""

    header: tuple[HeaderKey, ...]
    rows: dict[str, int]
    """By table, how many rows differ or are in one of both alone; only tables with any."""
    first: Parting | None

    def __bool__(self) -> bool:
        return bool(self.header or self.rows)


def diff(a: Trace, b: Trace, tolerance: float = 0.0) -> Difference:
    """Checksums are left aside, as they say no more than the rows. `tolerance` is that of `tabular.unlike`."""
    tables = {name: (_table(a, name), _table(b, name)) for name in KEYS}
    found = {name: unlike(*pair, KEYS[name], tolerance) for name, pair in tables.items()}
    partings = [_first(name, *tables[name], rows, tolerance) for name, rows in found.items() if len(rows)]
    return Difference(
        tuple(_header(a, b)),
        {name: len(rows) for name, rows in found.items() if len(rows)},
        min(partings, key=lambda each: (each.round, _moment(each)), default=None),
    )


def _moment(parting: Parting) -> int:
    """Rounds are told by the order of their tables; where there are none, what came first counts."""
    return (parting.time_ns or 0) if parting.round == NO_ROUND else 0


def _header(a: Trace, b: Trace) -> list[HeaderKey]:
    trees = [dict(_flat(each.header.model_dump(mode="json", exclude={"checksums"}))) for each in (a, b)]
    keys = [HeaderKey(name, *(tree.get(name) for tree in trees)) for name in dict.fromkeys([*trees[0], *trees[1]])]
    return [key for key in keys if key.a != key.b]


def _flat(tree: Any, above: str = "") -> list[tuple[str, Any]]:
    if isinstance(tree, dict) and tree:
        return [leaf for key, value in tree.items() for leaf in _flat(value, f"{above}.{key}" if above else str(key))]
    if isinstance(tree, list) and any(isinstance(each, dict) for each in tree):
        return [leaf for number, each in enumerate(tree) for leaf in _flat(each, f"{above}.{number}")]
    return [(above, tree)]


def _table(trace: Trace, name: str) -> Columns:
    """The columns of a table with `round`, as it is on disk."""
    if name in ("links", "nodes"):
        return columns(trace.links if name == "links" else trace.nodes)
    if name == "rounds":
        times = np.array([(each.opened_ns, each.closed_ns) for each in trace.exchanges], np.int64).reshape(-1, 2)
        return {"round": np.arange(len(trace)), "opened_ns": times[:, 0], "closed_ns": times[:, 1]}
    parts: list[Table] = [*trace.outboxes] if name == "messages" else [getattr(each, name) for each in trace.exchanges]
    rounds = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    found = columns(joined(BY_ROUND[name], parts))
    return {"round": rounds, **{name: np.asarray(values) for name, values in found.items()}}


def _first(name: str, a: Columns, b: Columns, rows: Unlike, tolerance: float) -> Parting:
    """`rows` are in order of round and time."""
    at_a, at_b = int(rows.a[0]), int(rows.b[0])
    mine, at = (a, at_a) if at_a >= 0 else (b, at_b)
    key = {column: mine[column][at].item() for column in KEYS[name]}
    values = {}
    if at_a >= 0 and at_b >= 0:
        pairs = {column: (a[column][[at_a]], b[column][[at_b]]) for column in a}
        values = {
            column: (mine[0].item(), theirs[0].item())
            for column, (mine, theirs) in pairs.items()
            if not same(mine, theirs, tolerance)[0]
        }
    time_ns = next((value for column, value in key.items() if column.endswith("_ns")), None)
    return Parting(name, key["round"], time_ns, at_a if at_a >= 0 else None, at_b if at_b >= 0 else None, key, values)
