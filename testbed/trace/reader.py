"""Reading a trace. What a file says is checked before it is believed; nothing in it is ever run."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.trace import checks
from testbed.trace.files import HEADER, Columns, parquet_columns, stream_columns, tree_of, verify
from testbed.trace.format import BY_ROUND, NO_ROUND, SCHEMAS, VERSION, Header, LinkRows, NodeRows, edges
from testbed.trace.upgrade import STEPS, Tables
from testbed.trace.value import Trace

SEALED = 3
"""The first version with checksums: without them, a trace is still being recorded."""


def read(path: str | Path) -> Trace:
    """The trace in folder `path`, or in the folder `trace` of a run directory, of whatever version.

    Raises UserError that names the file for anything missing, damaged, foreign, or of a newer version.
    """
    folder = _folder(Path(path))
    version, header = _header(folder)
    tables = _loaded(folder, version, header.checksums)
    for step in range(version, VERSION):
        tables = STEPS[step].tables(tables)
    return _trace(folder, header.unsealed(), tables)


def header(path: str | Path) -> Header:
    """The header alone of the trace that `read` would read, with its checksums once it is finished."""
    return _header(_folder(Path(path)))[1]


def version(path: str | Path) -> int:
    """The version of the format that the files are in."""
    return _header(_folder(Path(path)))[0]


def _folder(path: Path) -> Path:
    return path if (path / HEADER).is_file() or not (path / "trace").is_dir() else path / "trace"


def _header(folder: Path) -> tuple[int, Header]:
    file = folder / HEADER
    tree = tree_of(file)
    found = tree.get("version")
    if type(found) is int and found > VERSION:
        raise UserError(f"{file} has version {found}, this program reads up to {VERSION}: update testbed.")
    if type(found) is not int or found not in (*STEPS, VERSION):
        raise UserError(f"{file} has version {str(found)[:40]} of before the first release: record it again.")
    for step in range(found, VERSION):
        tree = STEPS[step].header(tree)
    try:
        return found, Header.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise UserError(f"{file} is damaged: {f'{where}: ' if where else ''}{first['msg']}.") from None


def _loaded(folder: Path, version: int, checksums: Mapping[Any, str]) -> Tables:
    """All tables, up to the last whole round: one that is whole in each of them."""
    verify(folder, checksums)
    tables: Tables = {}
    schemas: Mapping[Any, pa.Schema] = SCHEMAS if version == VERSION else STEPS[version].schemas
    rounds = []
    for name, schema in schemas.items():
        parquet, stream = folder / f"{name}.parquet", folder / f"{name}.arrows"
        if checksums or (version < SEALED and parquet.is_file()):
            tables[name] = parquet_columns(parquet, schema)
        elif stream.is_file():
            tables[name], count = stream_columns(stream, schema)
            rounds.append(count)
        elif parquet.is_file():
            raise UserError(f"{folder / HEADER} has no checksums of the tables: take another copy of the trace.")
        else:
            raise UserError(f"{folder} holds no table {name!r} (neither {parquet.name} nor {stream.name}).")
    if rounds and not min(rounds):
        raise UserError(f"{folder} holds no whole round yet.")
    whole = min(rounds, default=len(tables["rounds"]["round"]))
    return {name: _whole(folder, name, columns, whole) for name, columns in tables.items()}


def _whole(folder: Path, name: str, columns: Columns, rounds: int) -> Columns:
    """A table without the rows that a kill may have left of later rounds."""
    numbers = columns["round"]
    if (numbers[1:] < numbers[:-1]).any() or (len(numbers) and numbers[0] < NO_ROUND):
        raise _damaged(folder, name, "its rounds are out of order")
    rows = int(edges(numbers, rounds)[-1])
    whole = {key: column[:rows] for key, column in columns.items()}
    if name == "rounds" and (said := checks.rounds(rounds, whole["round"], whole["opened_ns"], whole["closed_ns"])):
        raise _damaged(folder, name, said)
    return whole


def _trace(folder: Path, header: Header, tables: Tables) -> Trace:
    opened, closed = tables["rounds"]["opened_ns"], tables["rounds"]["closed_ns"]
    links, nodes = LinkRows.of(**tables["links"]), NodeRows.of(**tables["nodes"])
    values: dict[str, Any] = {"links": links, "nodes": nodes}
    for name, kind in BY_ROUND.items():
        values[name] = kind.of(**{key: column for key, column in tables[name].items() if key != "round"})
        if (tables[name]["round"][:1] < 0).any():
            raise _damaged(folder, name, "rows of no round")
    for name, value in values.items():
        if said := checks.complaint(value, header.nodes):
            raise _damaged(folder, name, said)
    if said := checks.links_in_rounds(links, opened, closed):
        raise _damaged(folder, "links", said)
    if said := checks.nodes_in_rounds(nodes, opened, header.nodes):
        raise _damaged(folder, "nodes", said)
    parts = {name: _parts(tables[name], len(opened)) for name in values}
    exchanges = tuple(
        Exchange(
            int(opened[round_]),
            int(closed[round_]),
            links.links(parts["links"][round_]),
            values["deliveries"].part(parts["deliveries"][round_]),
            nodes.devices(parts["nodes"][round_]),
            values["sightings"].part(parts["sightings"][round_]),
        )
        for round_ in range(len(opened))
    )
    return Trace(header, links, nodes, tuple(values["messages"].part(part) for part in parts["messages"]), exchanges)


def _parts(columns: Columns, rounds: int) -> list[slice]:
    """Where each round is in a table."""
    return [slice(first, last) for first, last in pairwise(edges(columns["round"], rounds).tolist())]


def _damaged(folder: Path, name: str, said: str) -> UserError:
    return UserError(f"{folder}: table {name!r} is damaged: {said}.")
