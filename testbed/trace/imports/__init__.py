"""Importers: link traces that others recorded, one module per format, known by their content.

`import_file(path)` gives a Trace; `FORMATS` has the formats by name, `detect` says which one a file is of.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from testbed.errors import UserError
from testbed.trace.format import Header
from testbed.trace.imports.base import Found, Importer, Options, Report
from testbed.trace.imports.intervals import TooMany
from testbed.trace.imports.lines import head
from testbed.trace.value import Trace

MODULES = {
    "one": "one",
    "imote": "imote",
    "sociopatterns": "sociopatterns",
    "contacts": "contacts",
    "csv": "edges",
    "k7": "k7",
    "netjson": "netjson",
    "freifunk": "freifunk",
    "graphml": "graphs",
    "gexf": "gexf",
    "ns2": "ns2",
}
"""By name of a format, the module that reads it."""


class _Formats(Mapping[str, Importer]):
    """The importers by name; each is imported when it is asked for."""

    def __getitem__(self, name: str) -> Importer:
        return cast(Importer, import_module(f"{__name__}.{MODULES[name]}"))

    def __iter__(self) -> Iterator[str]:
        return (name for name, module in MODULES.items() if find_spec(f"{__name__}.{module}"))

    def __contains__(self, name: object) -> bool:
        return name in tuple(iter(self))

    def __len__(self) -> int:
        return len(tuple(iter(self)))


FORMATS: Mapping[str, Importer] = _Formats()


WINDOW = {"from_s", "to_s"}
TAKES = {
    "one": WINDOW,
    "imote": {*WINDOW, "hold_s"},
    "sociopatterns": WINDOW,
    "contacts": {*WINDOW, "hold_s", "time_unit", "columns"},
    "csv": {*WINDOW, "hold_s", "time_unit"},
    "k7": {*WINDOW, "hold_s", "channel"},
    "netjson": set[str](),
    "freifunk": set[str](),
    "graphml": set[str](),
    "gexf": {*WINDOW, "time_unit"},
    "ns2": {*WINDOW, "range_m", "step_s"},
}
"""By format, what may be stated of a file."""


def refuse_strange(path: Path, format: str, options: Options) -> None:
    """Raises UserError for an option that says nothing about files of this format."""
    stated = [key for key, value in dataclasses.asdict(options).items() if value != getattr(Options(), key)]
    if strange := [key for key in stated if key not in TAKES[format]]:
        option = strange[0].removesuffix("_s").removesuffix("_m").replace("_", "-")
        raise UserError(f"{path} is read as {format}, for which --{option} says nothing: leave it out.")


def detect(path: Path) -> str:
    """The name of a file's format, by its content. Raises UserError if it is of none, or could be of several."""
    start = head(path)
    matches = [name for name, importer in FORMATS.items() if importer.recognises(start)]
    if len(matches) == 1:
        return matches[0]
    known = "".join(f"\n  {name}: {FORMATS[name].ABOUT}" for name in matches or FORMATS)
    what = "could be of several formats" if matches else "is of no format that is known"
    raise UserError(f"{path} {what}: say which one with --format.{known}")


def import_file(path: str | Path, format: str | None = None, options: Options | None = None) -> Trace:
    """The links in a file of others; `format` is a name of FORMATS, or None to find it out.

    Equal files and options give equal traces. Raises UserError, with file and line, for what cannot be read.
    """
    path, options = Path(path), options or Options()
    name = format or detect(path)
    if name not in FORMATS:
        raise UserError(f"--format {name!r} is not known: choose one of {', '.join(FORMATS)}.")
    refuse_strange(path, name, options)
    report = Report()
    try:
        found = FORMATS[name].read(path, options, report)
    except TooMany as error:
        raise UserError(f"{path}: {error}") from None
    return Trace(_header(path, name, options, found, report), found.links, found.nodes)


def _header(path: Path, name: str, options: Options, found: Found, report: Report) -> Header:
    """Where the trace comes from: the file by its name and content, what was stated, what was odd."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stated = {key: value for key, value in dataclasses.asdict(options).items() if value != getattr(Options(), key)}
    step = {
        "step": "import",
        "format": name,
        "file": path.name.encode("utf-8", "replace").decode(),
        "sha256": digest,
        "options": stated,
        "oddities": [dataclasses.asdict(oddity) for oddity in report.oddities()],
    }
    network = {"kind": "imported", "format": name, **found.network}
    return Header(nodes=len(found.names), names=found.names, network=network, provenance=(step,))
