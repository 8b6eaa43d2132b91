"""Whether a trace on disk is whole and can be true: all that `read` checks, and what takes longer to see."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from testbed.errors import UserError
from testbed.trace.imports.base import Options
from testbed.trace.inspect.events import event_problems
from testbed.trace.inspect.opening import STATED, open_any, trace_folder
from testbed.trace.inspect.problem import Problem
from testbed.trace.inspect.rows import row_problems
from testbed.trace.reader import header
from testbed.trace.value import Trace


def validate(path: str | Path, format: str | None = None, options: Options = STATED) -> list[Problem]:
    """All that is wrong with the trace at `path`, as `open_any` takes it; nothing for a sound one.

    What cannot be read has one problem, the sentence of the UserError; what is not there raises it.
    """
    folder = trace_folder(path)
    try:
        found = [] if folder is None else _changed(folder)
        return [*found, *problems(open_any(path, format, options))]
    except UserError as error:
        return [Problem("", str(error))]


def problems(trace: Trace) -> Sequence[Problem]:
    """What cannot be true of a trace although each of its rows could be."""
    return [*_names(trace), *row_problems(trace), *event_problems(trace)]


def _changed(folder: Path) -> list[Problem]:
    """Tables that are not the bytes whose checksums the header holds."""
    place = folder if (folder / "header.json").is_file() else folder / "trace"
    files = {f"{name}.parquet": wanted for name, wanted in header(folder).checksums.items()}
    # A name in a header is no path: only tables of a trace are looked at.
    said = "is not the file that was written: its SHA-256 is not that in header.json"
    return [
        Problem("", f"{place / file} {said}.")
        for file, wanted in files.items()
        if Path(file).name == file and (place / file).is_file() and _sha256(place / file) != wanted
    ]


def _names(trace: Trace) -> list[Problem]:
    names = trace.header.names
    if names is None or (len(names) == trace.header.nodes and len(set(names)) == len(names)):
        return []
    return [Problem("", f"header.json: {len(set(names))} different names for {trace.header.nodes} nodes.")]


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
