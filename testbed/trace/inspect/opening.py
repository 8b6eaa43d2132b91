"""Opening whatever holds a trace: a folder of ours, a run, a bundled trace, or a file that others recorded."""

from dataclasses import fields
from pathlib import Path

from testbed.errors import UserError
from testbed.trace.imports.base import Options
from testbed.trace.reader import read
from testbed.trace.value import Trace

BUNDLED = "bundled/"
STATED = Options()
"""What an importer takes where its user states nothing."""


def open_any(path: str | Path, format: str | None = None, options: Options = STATED) -> Trace:
    """The trace at `path`: a trace folder, a run directory, `bundled/NAME`, or a file to import, in memory.

    `from_s` and `to_s` of the options cut a trace of ours as they cut a file while it is read. Raises UserError for
    what is not there, is no trace, or is a trace of ours for which a foreign format or its options were stated.
    """
    folder = trace_folder(path)
    if folder is None:
        from testbed.trace.imports import import_file

        return import_file(Path(path), format, options)
    _refuse_import_options(path, format, options)
    trace = read(folder)
    if options.from_s is None and options.to_s is None:
        return trace
    from testbed.trace.transform import window

    return window(trace, _ns(options.from_s), _ns(options.to_s))


def trace_folder(path: str | Path) -> Path | None:
    """The folder of ours that `path` means; None for a file of others. Raises UserError where there is nothing."""
    place = Path(path)
    if place.is_dir():
        return place
    if place.exists():
        return None
    if place.as_posix().startswith(BUNDLED):
        from testbed.trace import bundled

        return bundled.path(place.as_posix().removeprefix(BUNDLED))
    raise UserError(f"There is no {path}: name a trace folder, a run directory, bundled/NAME, or a file to import.")


def _refuse_import_options(path: str | Path, format: str | None, options: Options) -> None:
    ours = {"from_s", "to_s"}
    stated = [each.name for each in fields(Options) if getattr(options, each.name) != getattr(STATED, each.name)]
    strange = ["format"] * (format is not None) + [name for name in stated if name not in ours]
    if strange:
        option = strange[0].removesuffix("_s").removesuffix("_m").replace("_", "-")
        raise UserError(f"{path} is a trace of this project: leave out --{option}, which is for files of others.")


def _ns(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e9)
