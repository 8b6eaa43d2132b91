"""Reading a trace. What a file says is checked before it is believed; nothing in it is ever run."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from testbed.errors import UserError
from testbed.exchange import (
    ALL_NEIGHBOURS,
    NEVER,
    NOBODY,
    Deliveries,
    Devices,
    Exchange,
    Links,
    Outbox,
    Sightings,
    Table,
)
from testbed.tables import read_table
from testbed.trace.format import ROUNDS, TABLES, VERSION, Header, from_columns, schema


@dataclass(frozen=True)
class Trace:
    """A recording: its header, and for every round what was sent and what the air made of it."""

    header: Header
    outboxes: tuple[Outbox, ...]
    exchanges: tuple[Exchange, ...]

    def __len__(self) -> int:
        return len(self.exchanges)

    def densities(self) -> NDArray[np.float64]:
        """Realised connectivity density of every round."""
        return np.array([exchange.density for exchange in self.exchanges])


def read(path: str | Path) -> Trace:
    """The trace in folder `path`, or in the folder `trace` of a run directory.

    Raises UserError that names the file for anything missing, damaged, foreign, or of a newer version.
    """
    folder = _folder(Path(path))
    header = _header(folder / "header.json")
    rounds = _rounds(folder)
    parts = {name: _split(folder, name, kind, header.devices, len(rounds)) for name, kind in TABLES.items()}
    exchanges = tuple(
        Exchange(int(opened), int(closed), *values)
        for (opened, closed), *values in zip(
            rounds, parts["links"], parts["deliveries"], parts["devices"], parts["sightings"], strict=True
        )
    )
    return Trace(header, tuple(parts["messages"]), exchanges)


def header(path: str | Path) -> Header:
    """The header alone of the trace that `read` would read."""
    return _header(_folder(Path(path)) / "header.json")


def _folder(path: Path) -> Path:
    return path if (path / "header.json").is_file() or not (path / "trace").is_dir() else path / "trace"


def _header(file: Path) -> Header:
    try:
        tree = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{file.parent} is not a trace: it has no header.json.") from None
    except NotADirectoryError:
        raise UserError(f"{file.parent} is a file, not the folder of a trace.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{file} is damaged: {error}.") from None
    if not isinstance(tree, dict) or tree.get("format") != "testbed-trace":
        raise UserError(f"{file} is not the header of a trace of this project.")
    if isinstance(tree.get("version"), int) and tree["version"] > VERSION:
        raise UserError(f"{file} has version {tree['version']}, this program reads up to {VERSION}: update testbed.")
    if tree.get("version") != VERSION:
        raise UserError(f"{file} has version {tree.get('version')} of before the first release: record it again.")
    try:
        return Header.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{file} is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _rounds(folder: Path) -> list[tuple[int, int]]:
    table = _checked(folder, "rounds", ROUNDS)
    numbers, opened, closed = (table.column(name).to_numpy() for name in ROUNDS.names)
    if not np.array_equal(numbers, np.arange(len(numbers))):
        raise UserError(f"{folder}: table 'rounds' is damaged: its rounds are not 0, 1, 2, ...")
    if (opened < 0).any() or (closed < opened).any() or (opened[1:] < closed[:-1]).any():
        raise UserError(f"{folder}: table 'rounds' is damaged: a round closes before it opens or overlaps the next.")
    return list(zip(opened.tolist(), closed.tolist(), strict=True))


def _split(folder: Path, name: str, kind: type[Table], devices: int, rounds: int) -> list[Any]:
    """One value per round; rows beyond the last whole round of a killed recording are left out."""
    table = _checked(folder, name, schema(kind))
    numbers = table.column("round").to_numpy()
    if (np.diff(numbers) < 0).any() or (len(numbers) and numbers[0] < 0):
        raise UserError(f"{folder}: table {name!r} is damaged: its rounds are out of order.")
    edges = np.searchsorted(numbers, np.arange(rounds + 1))
    try:
        values = [from_columns(kind, table.slice(a, b - a)) for a, b in pairwise(edges)]
    except KeyError as error:
        raise UserError(f"{folder}: table {name!r} is damaged: unknown cause {error}.") from None
    for round_, value in enumerate(values):
        if complaint := _complaint(value, devices):
            raise UserError(f"{folder}: table {name!r} is damaged: round {round_}: {complaint}.")
    return values


def _checked(folder: Path, name: str, expected: pa.Schema) -> pa.Table:
    table = read_table(folder, name)
    if not table.schema.equals(expected):
        columns = ", ".join(f"{field.name} ({field.type})" for field in expected)
        raise UserError(f"{folder}: table {name!r} is foreign or damaged: it should have the columns {columns}.")
    if any(column.null_count for column in table.columns):
        raise UserError(f"{folder}: table {name!r} is damaged: it has empty cells.")
    return table


def _complaint(table: Table, devices: int) -> str | None:
    """What is impossible about one round's rows, if anything is."""
    if isinstance(table, Devices):
        return None if len(table) == devices else f"{len(table)} rows for {devices} devices"
    if isinstance(table, Sightings):
        return _sightings_complaint(table, devices)
    assert isinstance(table, Outbox | Links | Deliveries)
    lowest = ALL_NEIGHBOURS if isinstance(table, Outbox) else 0
    ends = np.concatenate([table.src, np.where(table.dst == lowest, 0, table.dst)])
    if (ends < 0).any() or (ends >= devices).any():
        return f"a device outside 0..{devices - 1}"
    if isinstance(table, Outbox | Deliveries) and (table.size_bytes < 0).any():
        return "a message of negative size"
    if isinstance(table, Links | Deliveries) and (table.src == table.dst).any():
        return "a device that is linked to itself"
    if isinstance(table, Links) and not ((table.heard >= 0) & (table.heard <= 1)).all():
        return "a share of hellos outside 0..1"
    if isinstance(table, Deliveries):
        arrived = table.arrived
        if (table.arrived_ns[arrived] < table.started_ns[arrived]).any() or (table.arrived_ns[~arrived] != NEVER).any():
            return "a message arrives before it starts, or arrives and is lost"
        if (table.started_ns < NEVER).any():
            return "a message starts before time begins"
    return None


def _sightings_complaint(table: Sightings, devices: int) -> str | None:
    ends = np.concatenate([table.device, np.where(table.neighbour == NOBODY, 0, table.neighbour)])
    if (ends < 0).any() or (ends >= devices).any():
        return f"a device outside 0..{devices - 1}"
    return "sightings out of order" if (np.diff(table.time_ns) < 0).any() else None
