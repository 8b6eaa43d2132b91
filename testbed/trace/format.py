"""The layout of a trace on disk, version 2: a folder with a JSON header and six tables.

`header.json`; `rounds` (one row a round); `messages` (the Outboxes), `links`, `deliveries`, `devices` and `sightings`
(the Exchanges), each with the column `round` in front. `docs/trace.md` describes it for others.
"""

import dataclasses
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, PositiveInt

from testbed.exchange import Cause, Deliveries, Devices, Links, Outbox, Sightings, Table

VERSION = 2
UNITS = {"*_ns": "nanosecond", "*_bytes": "byte", "*_bps": "bit/s", "*_db": "decibel", "*_m": "metre", "*_j": "joule"}

TABLES: dict[str, type[Table]] = {
    "messages": Outbox,
    "links": Links,
    "deliveries": Deliveries,
    "devices": Devices,
    "sightings": Sightings,
}
ROUNDS = pa.schema([("round", pa.int32()), ("opened_ns", pa.int64()), ("closed_ns", pa.int64())])


class Header(BaseModel):
    """What is true of the whole trace. It names no date and no host: equal recordings are equal bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["testbed-trace"] = "testbed-trace"
    version: PositiveInt = VERSION
    units: dict[str, str] = UNITS
    devices: PositiveInt
    seed: int
    network: dict[str, Any]
    """What the network says of itself: kind, radio, ns-3 version and build profile."""
    scenario: str
    """SHA-256 of the scenario it was recorded under."""


CAUSES = np.array([cause.name.lower() for cause in Cause])

T = TypeVar("T", bound=Table)


def schema(table: type[Table]) -> pa.Schema:
    """Arrow schema of a table: the round, then its columns; causes by name."""
    fields = [pa.field(name, _arrow_type(name, dtype)) for name, dtype in table.columns().items()]
    return pa.schema([pa.field("round", pa.int32()), *fields])


def to_columns(round_: int, table: Table) -> dict[str, Any]:
    """The columns of one round's batch."""
    columns = {field.name: getattr(table, field.name) for field in dataclasses.fields(table)}
    if "cause" in columns:
        columns["cause"] = CAUSES[columns["cause"]]
    return {"round": np.full(len(table), round_, np.int32), **columns}


def from_columns(kind: type[T], rows: pa.Table) -> T:
    """The inverse of `to_columns`. Raises KeyError for a cause that this version does not know."""
    columns = {name: rows.column(name).to_numpy() for name in kind.columns()}
    if "cause" in columns:
        columns["cause"] = [Cause[name.upper()] for name in columns["cause"]]
    return kind(**columns)


def _arrow_type(name: str, dtype: Any) -> pa.DataType:
    return pa.string() if name == "cause" else pa.from_numpy_dtype(dtype)
