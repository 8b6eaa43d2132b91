"""The traces that come with the package: recorded over live ns-3, for where there is none.

`scripts/record_bundled.py` makes them; `bundled/NAME` names one wherever a trace is named.
"""

from difflib import get_close_matches
from pathlib import Path

from testbed.errors import UserError
from testbed.places import BUNDLED, bundled, trace_folder


def names() -> tuple[str, ...]:
    """Of all of them, without `bundled/`, in order of the alphabet."""
    return tuple(sorted(header.parent.name for header in bundled().glob("*/header.json")))


def path(name: str) -> Path:
    """The folder of one, named with or without `bundled/`. Raises UserError, with the nearest name, for another."""
    name, known = name.removeprefix(BUNDLED), names()
    if name in known:
        return bundled() / name
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {BUNDLED}{near[0]}? " if near else ""
    raise UserError(f"There is no bundled trace {name!r}: {hint}known are {', '.join(known)}.")


def folder_of(trace: str | Path) -> Path:
    """The folder of a trace as users name it: `bundled/NAME`, a folder, or the run directory it is in.

    Raises UserError for a bundled trace that there is not, and for a file, which has to be converted first.
    """
    if str(trace).startswith(BUNDLED):
        return path(str(trace))
    if Path(trace).is_file():
        raise UserError(
            f"{trace} is a file, not the folder of a trace: make one of it with `testbed trace convert {trace} FOLDER`."
        )
    return trace_folder(trace)
