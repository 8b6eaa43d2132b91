"""The layout of a trace on disk, version 3: a folder with a JSON header and six tables.

`header.json`; `rounds` (one row a round); `messages` (the Outboxes), `links`, `deliveries`, `nodes` and `sightings`
(the Exchanges), each with the column `round`. Links and places that belong to no round, as those of an imported trace,
have round NO_ROUND. `docs/trace.md` describes it for others.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, StringConstraints, field_validator, model_validator

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

VERSION: Final = 3
UNITS = {"*_ns": "nanosecond", "*_bytes": "byte", "*_bps": "bit/s", "*_db": "decibel", "*_m": "metre", "*_j": "joule"}

NO_ROUND = -1
"""`round` of what belongs to none."""

OPEN_NS = 2**63 - 1
"""`t_end_ns` of a link whose end is not known: it held when it was last looked at."""

LAST_NS = 2**62
"""No time is later, nor earlier than minus this, so that the difference of two is a number of 64 bits."""

MOST_NODES = 10_000_000
MOST_ROWS = 100_000_000
"""Of a table: 6.1 GB of links."""

TableName = Literal["messages", "links", "deliveries", "nodes", "sightings", "rounds"]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Header(BaseModel):
    """What is true of the whole trace. It names no date and no host: equal recordings are equal bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["testbed-trace"] = "testbed-trace"
    version: Literal[3] = VERSION
    units: dict[str, str] = UNITS
    nodes: Annotated[int, Field(ge=1, le=MOST_NODES)]
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
    checksums: dict[TableName, Digest] = {}
    """SHA-256 of the Parquet file of every table, in hexadecimal digits. Of files, so empty in the header of a Trace,
    and on disk as long as the trace is being recorded."""

    @field_validator("units")
    @classmethod
    def _units(cls, units: dict[str, str]) -> dict[str, str]:
        if units != UNITS:
            raise ValueError(f"should be {UNITS}")
        return units

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.names is not None and len(self.names) != self.nodes:
            raise ValueError(f"{len(self.names)} names for {self.nodes} nodes")
        if self.names is not None and len(set(self.names)) != self.nodes:
            raise ValueError("two nodes of one name")
        if self.checksums and (missing := SCHEMAS.keys() - self.checksums.keys()):
            raise ValueError(f"no checksum for table {min(missing)!r}")
        return self

    def like(self, other: "Header") -> bool:
        """Whether two recordings, finished or not, are of the same air."""
        return self.unsealed() == other.unsealed()

    def unsealed(self) -> "Header":
        """Without checksums, as what files say of themselves is not true of a value."""
        return self.model_copy(update={"checksums": {}})


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
CAUSES = pa.array([cause.name.lower() for cause in Cause])
"""By code."""

BY_ROUND: dict[str, type[Table]] = {"messages": Outbox, "deliveries": Deliveries, "sightings": Sightings}
"""Tables whose columns, beside `round`, are those of a value."""


def _arrow(kind: type[Table]) -> list[pa.Field]:
    return [
        pa.field(name, pa.string() if name == "cause" else pa.from_numpy_dtype(dtype))
        for name, dtype in kind.columns().items()
    ]


ROUND = pa.field("round", pa.int32())
SCHEMAS: dict[TableName, pa.Schema] = {
    "messages": pa.schema([ROUND, *_arrow(Outbox)]),
    "links": pa.schema(_arrow(LinkRows)),
    "deliveries": pa.schema([ROUND, *_arrow(Deliveries)]),
    "nodes": pa.schema(_arrow(NodeRows)),
    "sightings": pa.schema([ROUND, *_arrow(Sightings)]),
    "rounds": ROUNDS,
}
"""By table, in the order in which they are written."""


def edges(numbers: NDArray[np.int32], rounds: int) -> NDArray[np.int64]:
    """Where each of so many rounds begins among rows in order of their round, and where the last one ends."""
    return np.searchsorted(numbers, np.arange(rounds + 1, dtype=np.int32))


def columns(table: Table) -> dict[str, Any]:
    """The columns of a table as they are written; causes by name."""
    found = {name: getattr(table, name) for name in table.columns()}
    if "cause" in found:
        found["cause"] = pa.DictionaryArray.from_arrays(pa.array(found["cause"]), CAUSES).cast(pa.string())
    return found


def of_round(round_: int, table: Table) -> dict[str, Any]:
    """The columns of a table of BY_ROUND as they are written."""
    return {"round": np.full(len(table), round_), **columns(table)}


def round_columns(round_: int, outbox: Outbox, exchange: Exchange) -> dict[TableName, dict[str, Any]]:
    """By table, the columns of one round."""
    return {
        "messages": of_round(round_, outbox),
        "links": columns(LinkRows.of_round(round_, exchange)),
        "deliveries": of_round(round_, exchange.deliveries),
        "nodes": columns(NodeRows.of_round(round_, exchange)),
        "sightings": of_round(round_, exchange.sightings),
        "rounds": {"round": [round_], "opened_ns": [exchange.opened_ns], "closed_ns": [exchange.closed_ns]},
    }
