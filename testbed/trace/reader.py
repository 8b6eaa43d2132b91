"""Reading a trace. What a file says is checked before it is believed; nothing in it is ever run."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from testbed.errors import UserError
from testbed.exchange import Cause, Exchange, Table
from testbed.tables import read_table
from testbed.trace.checks import complaint
from testbed.trace.format import BY_ROUND, NO_ROUND, ROUNDS, SCHEMAS, VERSION, Header, LinkRows, NodeRows
from testbed.trace.value import Trace

T = TypeVar("T", bound=Table)


def read(path: str | Path) -> Trace:
    """The trace in folder `path`, or in the folder `trace` of a run directory.

    Raises UserError that names the file for anything missing, damaged, foreign, or of a newer version.
    """
    folder = _folder(Path(path))
    header = _header(folder / "header.json")
    rounds = _rounds(folder)
    links, link_parts = _whole(folder, "links", LinkRows, header.nodes, len(rounds))
    nodes, node_parts = _whole(folder, "nodes", NodeRows, header.nodes, len(rounds))
    if any(part.stop - part.start != header.nodes for part in node_parts):
        raise UserError(f"{folder}: table 'nodes' is damaged: a round has not one row a node.")
    parts = {name: _split(folder, name, kind, header.nodes, len(rounds)) for name, kind in BY_ROUND.items()}
    exchanges = tuple(
        Exchange(int(opened), int(closed), links.links(link_part), deliveries, nodes.devices(node_part), sightings)
        for (opened, closed), link_part, node_part, deliveries, sightings in zip(
            rounds, link_parts, node_parts, parts["deliveries"], parts["sightings"], strict=True
        )
    )
    return Trace(header, links, nodes, tuple(parts["messages"]), exchanges)


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


def _whole(folder: Path, name: str, kind: type[T], nodes: int, rounds: int) -> tuple[T, list[slice]]:
    """A table up to the last whole round, and where each round is in it."""
    table = _checked(folder, name, SCHEMAS[name])
    numbers = table.column("round").to_numpy()
    edges = _edges(folder, name, numbers, rounds)
    rows = kind.of(**{column: table.column(column).to_numpy()[: edges[-1]] for column in kind.columns()})
    if said := complaint(rows, nodes):
        raise UserError(f"{folder}: table {name!r} is damaged: {said}.")
    return rows, [slice(first, last) for first, last in pairwise(edges)]


def _split(folder: Path, name: str, kind: type[Table], nodes: int, rounds: int) -> list[Any]:
    """One value per round."""
    table = _checked(folder, name, SCHEMAS[name])
    edges = _edges(folder, name, table.column("round").to_numpy(), rounds)
    try:
        values = [_value(kind, table.slice(first, last - first)) for first, last in pairwise(edges)]
    except KeyError as error:
        raise UserError(f"{folder}: table {name!r} is damaged: unknown cause {error}.") from None
    for round_, value in enumerate(values):
        if said := complaint(value, nodes):
            raise UserError(f"{folder}: table {name!r} is damaged: round {round_}: {said}.")
    return values


def _edges(folder: Path, name: str, numbers: NDArray[np.int32], rounds: int) -> list[int]:
    """Where each round begins, and the last one ends: beyond it a kill may have left rows."""
    if (np.diff(numbers) < 0).any() or (len(numbers) and numbers[0] < NO_ROUND):
        raise UserError(f"{folder}: table {name!r} is damaged: its rounds are out of order.")
    edges: list[int] = np.searchsorted(numbers, np.arange(rounds + 1)).tolist()
    return edges


def _value(kind: type[T], rows: pa.Table) -> T:
    columns = {name: rows.column(name).to_numpy() for name in kind.columns()}
    if "cause" in columns:
        columns["cause"] = [Cause[name.upper()] for name in columns["cause"]]
    return kind(**columns)


def _checked(folder: Path, name: str, expected: pa.Schema) -> pa.Table:
    table = read_table(folder, name)
    if not table.schema.equals(expected):
        columns = ", ".join(f"{field.name} ({field.type})" for field in expected)
        raise UserError(f"{folder}: table {name!r} is foreign or damaged: it should have the columns {columns}.")
    if any(column.null_count for column in table.columns):
        raise UserError(f"{folder}: table {name!r} is damaged: it has empty cells.")
    return table
