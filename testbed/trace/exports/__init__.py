"""Exports: a trace as other programs read it, and as networkx graphs.

| format | suffix | what it is | what it holds |
| --- | --- | --- | --- |
| `one` | .txt | contacts of the ONE simulator | who is in contact when, undirected |
| `csv` | .csv | one row a link | all of the link table |
| `graphml` | .graphml | graphs: of all time, an instant, each round | who is linked, how well in the mean |
| `dot` | .dot, .gv | the same for Graphviz | the same |
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from testbed.errors import UserError
from testbed.trace.exports import dot, edges, graphml, one
from testbed.trace.exports.base import losses, write_whole
from testbed.trace.exports.snapshots import Snapshot, at, graphs, snapshots, whole
from testbed.trace.value import Trace

__all__ = ["FORMATS", "SUFFIXES", "export", "graphs"]

TABLES = {"one": one.pieces, "csv": edges.pieces}
GRAPHS = {"graphml": graphml.pieces, "dot": dot.pieces}
FORMATS = (*TABLES, *GRAPHS)
SUFFIXES = {".txt": "one", ".csv": "csv", ".graphml": "graphml", ".dot": "dot", ".gv": "dot"}
LONGEST_MEAN = "links over time are one edge each, with the mean of their quality and the share of the time"


class Choice(NamedTuple):
    """Which graphs of a trace are asked for; none of them: one over the whole time."""

    at_s: float | None
    rounds: bool
    every_s: float | None

    @property
    def many(self) -> bool:
        return self.rounds or self.every_s is not None


def export(
    trace: Trace,
    path: str | Path,
    format: str | None = None,
    *,
    overwrite: bool = False,
    at_s: float | None = None,
    rounds: bool = False,
    every_s: float | None = None,
) -> list[str]:
    """Write the trace in a format of FORMATS, by default the one of the path's suffix; what it does not hold, in words.

    For graphs: `at_s` is the instant to show, in the trace's own seconds; `rounds` makes a file for each round,
    `every_s` one for each window of so many seconds, called NAME-0000, NAME-0001, ... Else it is one graph of all time.
    Written whole or not at all. Raises UserError for a path that is taken (unless `overwrite`), an unknown format, and
    for names that the format cannot hold.
    """
    path, choice = Path(path), Choice(at_s, rounds, every_s)
    name = format or SUFFIXES.get(path.suffix.lower())
    if name not in FORMATS:
        raise UserError(
            f"{path}: format {name or path.suffix!r} is none to write: choose one of {', '.join(FORMATS)} (--as), or "
            "a name without an ending for a trace folder."
        )
    if name in TABLES:
        if choice.many or at_s is not None:
            raise UserError(f"format {name!r} holds all of the time: rounds, windows and instants are for graphs.")
        if not len(trace.links):
            raise UserError(f"The trace holds no link: there is nothing to write to {path}.")
        pieces, said = TABLES[name](trace)
        write_whole([(path, pieces)], overwrite)
        return said
    if (choice.many and at_s is not None) or (rounds and every_s is not None):
        raise UserError("choose one of: an instant, a graph for each round, a graph for each window.")
    write_whole(_files(trace, path, name, choice), overwrite)
    return losses(trace, isolated=True, places=True) + _meant(trace, choice)


def _files(trace: Trace, path: Path, name: str, choice: Choice) -> Iterator[tuple[Path, Iterable[bytes]]]:
    if not choice.many:
        snapshot: Snapshot = whole(trace) if choice.at_s is None else at(trace, choice.at_s)
        yield path, GRAPHS[name](snapshot)
        return
    for number, snapshot in enumerate(snapshots(trace, choice.every_s)):
        yield path.with_name(f"{path.stem}-{number:04}{path.suffix}"), GRAPHS[name](snapshot)


def _meant(trace: Trace, choice: Choice) -> list[str]:
    """What becomes of time."""
    if choice.at_s is not None:
        return ["links at other instants are left out"]
    pairs = len({*zip(trace.links.src.tolist(), trace.links.dst.tolist(), strict=True)})
    return [LONGEST_MEAN] if len(trace.links) > pairs and not choice.rounds else []
