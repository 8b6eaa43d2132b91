"""Where the runs are in a folder that somebody named.

A sweep keeps its runs in SWEEP/cells, under the names of its cells; any folder of run directories is taken likewise.
"""

from pathlib import Path

from testbed.errors import UserError
from testbed.results.directory import Run

CELLS = "cells"


def runs_in(folder: str | Path) -> list[Path]:
    """Run directories, by name: `folder` itself if it is one, else those of the sweep or of the folder of runs.

    Raises UserError where there is none.
    """
    folder = Path(folder)
    if Run.is_one(folder):
        return [folder]
    home = folder / CELLS if (folder / CELLS).is_dir() else folder
    if not home.is_dir():
        raise UserError(f"There is no run or sweep {folder}.")
    found = sorted(each for each in home.iterdir() if Run.is_one(each))
    if not found:
        raise UserError(f"{folder} holds no run: name a run directory, a sweep, or a folder of run directories.")
    return found
