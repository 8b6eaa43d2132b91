"""Where the runs are in a folder that somebody named."""

from pathlib import Path

from testbed.errors import UserError
from testbed.results.directory import Run
from testbed.results.sweep import CELLS, Sweep


def runs_in(folder: str | Path) -> list[Path]:
    """Run directories: `folder` itself if it is one, else those of the sweep, or of the folder of runs by name.

    A sweep's are its cells as far as they were begun, in its order; what an earlier plan of it left is not among them.
    Raises UserError where there is none.
    """
    folder = Path(folder)
    if Run.is_one(folder):
        return [folder]
    if not folder.is_dir():
        raise UserError(f"There is no run or sweep {folder}.")
    found = [each for each in _candidates(folder) if Run.is_one(each)]
    if not found:
        raise UserError(f"{folder} holds no run: name a run directory, a sweep, or a folder of run directories.")
    return found


def _candidates(folder: Path) -> list[Path]:
    if Sweep.is_one(folder):
        sweep = Sweep(folder)
        return [sweep.place(cell) for cell in sweep.cells]
    home = folder / CELLS if (folder / CELLS).is_dir() else folder
    return sorted(home.iterdir())
