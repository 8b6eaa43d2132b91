"""The layout of a trace on disk, version 3: a folder with a JSON header and six tables.

`header.json`; `rounds` (one row a round); `messages` (the Outboxes), `links`, `deliveries`, `nodes` and `sightings`
(the Exchanges), each with the column `round`. Links and places that belong to no round, as those of an imported trace,
have round NO_ROUND. `docs/trace.md` describes it for others.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from testbed.exchange import (
    Cause,
    Count,
    Deliveries,
    Devices,
    Exchange,
    Flag,
    Index,
    Links,
    Outbox,
    Real,
    Sightings,
    Table,
)

VERSION = 3
UNITS = {"*_ns": "nanosecond", "*_bytes": "byte", "*_bps": "bit/s", "*_db": "decibel", "*_m": "metre", "*_j": "joule"}

NO_ROUND = -1
"""`round` of what belongs to none."""

OPEN_NS = 2**63 - 1
"""`t_end_ns` of a link whose end is not known: it held when it was last looked at."""


class Header(BaseModel):
    """What is true of the whole trace. It names no date and no host: equal recordings are equal bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["testbed-trace"] = "testbed-trace"
    version: PositiveInt = VERSION
    units: dict[str, str] = UNITS
    nodes: PositiveInt
    names: tuple[str, ...] | None = None
    """What the nodes are called where the trace comes from, in order; None where they are numbers from 0 up."""
    seed: NonNegativeInt | None = None
    """Of the scenario it was recorded under; None for an imported trace."""
    network: dict[str, Any]
    """What the network says of itself: kind, radio, ns-3 version and build profile."""
    scenario: str | None = None
    """SHA-256 of the scenario it was recorded under."""
    provenance: tuple[dict[str, Any], ...] = ()
    """How it came to be, step by step: each a table with `step` (`record`, `import`, ...) and its settings."""
    checksums: dict[str, str] = {}
    """SHA-256 of every Parquet file; empty while it is being recorded."""

    def like(self, other: "Header") -> bool:
        """Whether two recordings, finished or not, are of the same air."""
        return self.model_copy(update={"checksums": {}}) == other.model_copy(update={"checksums": {}})


@dataclass(frozen=True, eq=False)
class LinkRows(Table):
    """Table `links`: who hears whom and when, directed: `dst` hears `src` from `t_start_ns` until before `t_end_ns`.

    A row with `t_start_ns == t_end_ns` is a sample: the link was there at that instant, how long is not known.
    """

    round: Index
    t_start_ns: Count
    t_end_ns: Count
    src: Index
    dst: Index
    snr_db: Real
    """NaN where it is not known."""
    delivery: Real
    """Share of what `src` sends that `dst` gets, 0 to 1."""
    rate_bps: Count
    """0 where it is not known."""
    latency_ns: Count
    neighbour: Flag

    @classmethod
    def none(cls) -> Self:
        """No link at all."""
        return cls.of(**{name: [] for name in cls.columns()})

    @classmethod
    def of_round(cls, round_: int, exchange: Exchange) -> Self:
        """The links of a round hold as long as it is open."""
        links, count = exchange.links, len(exchange.links)
        return cls.of(
            round=np.full(count, round_),
            t_start_ns=np.full(count, exchange.opened_ns),
            t_end_ns=np.full(count, exchange.closed_ns),
            **{name: getattr(links, name) for name in Links.columns()},
        )

    def links(self, part: slice) -> Links:
        """Some of the rows, as the links of a round."""
        return Links.of(**{name: getattr(self, name)[part] for name in Links.columns()})


@dataclass(frozen=True, eq=False)
class NodeRows(Table):
    """Table `nodes`: where a node is at `t_ns`, and what it spent in the round that opened then."""

    round: Index
    t_ns: Count
    node: Index
    airtime_ns: Count
    frames: Count
    retries: Count
    energy_j: Real
    away_ns: Count
    x_m: Real
    y_m: Real

    @classmethod
    def none(cls) -> Self:
        """Nothing known of any node."""
        return cls.of(**{name: [] for name in cls.columns()})

    @classmethod
    def of_round(cls, round_: int, exchange: Exchange) -> Self:
        """One row for every node."""
        devices, count = exchange.devices, len(exchange.devices)
        return cls.of(
            round=np.full(count, round_),
            t_ns=np.full(count, exchange.opened_ns),
            node=np.arange(count),
            **{name: getattr(devices, name) for name in Devices.columns()},
        )

    def devices(self, part: slice) -> Devices:
        """Some of the rows, as the devices of a round."""
        return Devices.of(**{name: getattr(self, name)[part] for name in Devices.columns()})


ROUNDS = pa.schema([("round", pa.int32()), ("opened_ns", pa.int64()), ("closed_ns", pa.int64())])
CAUSES = np.array([cause.name.lower() for cause in Cause])
BY_ROUND: dict[str, type[Table]] = {"messages": Outbox, "deliveries": Deliveries, "sightings": Sightings}
"""Tables whose columns, beside `round`, are those of a value."""


def _arrow(kind: type[Table]) -> list[pa.Field]:
    return [
        pa.field(name, pa.string() if name == "cause" else pa.from_numpy_dtype(dtype))
        for name, dtype in kind.columns().items()
    ]


ROUND = pa.field("round", pa.int32())
SCHEMAS: dict[str, pa.Schema] = {
    "messages": pa.schema([ROUND, *_arrow(Outbox)]),
    "links": pa.schema(_arrow(LinkRows)),
    "deliveries": pa.schema([ROUND, *_arrow(Deliveries)]),
    "nodes": pa.schema(_arrow(NodeRows)),
    "sightings": pa.schema([ROUND, *_arrow(Sightings)]),
    "rounds": ROUNDS,
}
"""By table, in the order in which they are written."""


def columns(table: Table) -> dict[str, Any]:
    """The columns of a table as they are written; causes by name."""
    found = {field.name: getattr(table, field.name) for field in dataclasses.fields(table)}
    if "cause" in found:
        found["cause"] = CAUSES[found["cause"]]
    return found


def round_columns(round_: int, outbox: Outbox, exchange: Exchange) -> dict[str, dict[str, Any]]:
    """By table, the columns of one round."""
    values = {"messages": outbox, "deliveries": exchange.deliveries, "sightings": exchange.sightings}
    return {
        **{name: {"round": np.full(len(value), round_), **columns(value)} for name, value in values.items()},
        "links": columns(LinkRows.of_round(round_, exchange)),
        "nodes": columns(NodeRows.of_round(round_, exchange)),
        "rounds": {"round": [round_], "opened_ns": [exchange.opened_ns], "closed_ns": [exchange.closed_ns]},
    }
