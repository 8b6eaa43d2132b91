"""Where data may lie: the user's folder, our cache, the system's packages."""

import os
from pathlib import Path

from testbed.places import cache

SYSTEM = Path("/usr/share/datasets")


def given(data_dir: str | Path | None) -> Path | None:
    """The user's folder: `data_dir` (--data-dir), else TESTBED_DATA."""
    folder = data_dir or os.environ.get("TESTBED_DATA")
    return Path(folder).expanduser() if folder else None


def roots(name: str, data_dir: str | Path | None) -> list[Path]:
    """Folders in which to look for the data set `name`, first things first."""
    own = given(data_dir)
    return [*([own] if own else []), cache() / name, SYSTEM / name]
