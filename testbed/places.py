"""Where things are on this machine: those that can be had again, and those that come with the package."""

import os
from pathlib import Path

BUNDLED = "bundled/"
"""How the names of traces begin that come with the package, wherever a trace is named."""


def cache() -> Path:
    """TESTBED_CACHE, else `testbed` in XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("TESTBED_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "testbed"


def bundled() -> Path:
    """The folder of the traces that come with the package."""
    return Path(__file__).parent / "bundled"


def trace_folder(path: str | Path) -> Path:
    """The folder of a trace that may be named `bundled/NAME`, or by the run directory it is in."""
    text = str(path)
    folder = bundled() / text.removeprefix(BUNDLED) if text.startswith(BUNDLED) else Path(path)
    is_run = not (folder / "header.json").is_file() and (folder / "trace").is_dir()
    return folder / "trace" if is_run else folder
