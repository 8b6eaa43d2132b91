"""What every exporter takes, says and does: files are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.format import LinkRows
from testbed.trace.value import Trace

CHUNK = 1 << 16
"""Rows that are text at a time."""


def names_of(trace: Trace) -> list[str]:
    """What the nodes are called, in order. Raises UserError for a name that no text file can hold."""
    names = [str(node) for node in range(trace.header.nodes)] if trace.header.names is None else [*trace.header.names]
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise UserError(f"the node {name!r} cannot be written: its name has half a character.") from None
    return names


def travelled(trace: Trace) -> LinkRows:
    """The link rows that messages travel on, which are those that other programs mean by a link."""
    return taken(trace.links, trace.links.neighbour)


def taken(links: LinkRows, rows: NDArray[np.bool_] | NDArray[np.int64]) -> LinkRows:
    """Some of the rows."""
    return LinkRows.of(**{name: getattr(links, name)[rows] for name in LinkRows.columns()})


def losses(trace: Trace, *, isolated: bool = False, places: bool = False) -> list[str]:
    """What is in the trace and in no link table, as sentences; without what the format keeps."""
    left = int((~trace.links.neighbour).sum())
    alone = trace.header.nodes - len(np.unique([trace.links.src, trace.links.dst]))
    said = {
        f"{left} link rows that no message travels on (heard too rarely, or one way) are left out": left > 0,
        f"{alone} nodes that are never linked are left out": alone > 0 and not isolated,
        "places of nodes are left out": not places and not np.isnan(trace.nodes.x_m).all(),
        "messages and what became of them are left out": len(trace) > 0,
    }
    return [sentence for sentence, holds in said.items() if holds]


def write_whole(files: Iterable[tuple[Path, Iterable[bytes]]], overwrite: bool) -> None:
    """Write each file's pieces beside its place; once all are there, all take their places, or none does.

    Raises UserError for a path that is taken, unless told to overwrite, and where nothing can be written.
    """
    scratches: dict[Path, Path] = {}
    try:
        for path, pieces in files:
            _check_free(path, overwrite)
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".export-", delete=False) as sink:
                scratches[path] = Path(sink.name)
                sink.writelines(pieces)
                sink.flush()
                os.fsync(sink.fileno())
        for path, scratch in scratches.items():
            scratch.chmod(0o644)
            scratch.replace(path)
    except OSError as error:
        raise UserError(f"{error.filename or path} cannot be written: {error.strerror or error}.") from None
    finally:
        for scratch in scratches.values():
            scratch.unlink(missing_ok=True)


def _check_free(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file to export to.")
    if path.exists() and not overwrite:
        raise UserError(f"{path} is there already: choose another name, or say that it may be overwritten.")
