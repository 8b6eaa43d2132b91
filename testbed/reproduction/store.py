"""The folder that airs and cells are kept in: what is finished in it is never done again.

OUT/airs/<name>/   a recorded trace          OUT/cells/<name>/   a run directory, and diverged.json if it diverged
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.reproduction.job import Cell, Job
from testbed.results import Run
from testbed.results.curve import DIVERGED, Curve, curve_of
from testbed.scenario import Scenario, fingerprint
from testbed.tables import write_whole
from testbed.trace import header
from testbed.trace.files import HEADER


class Store:
    """Airs and cells in `root`. What was found finished is taken to stay so."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._done: set[str] = set()
        self._curves: dict[str, Curve] = {}

    def folder(self, job: Job) -> Path:
        return self.root / f"{job.kind}s" / job.name

    def is_done(self, job: Job) -> bool:
        if job.name not in self._done and _is_done(self.folder(job)):
            self._done.add(job.name)
        return job.name in self._done

    def curve(self, cell: Cell) -> Curve:
        """What a finished cell gave."""
        if cell.name not in self._curves:
            self._curves[cell.name] = curve_of(self.folder(cell))
        return self._curves[cell.name]


def write_diverged(folder: Path, about: dict[str, Any]) -> None:
    """Have the cell in `folder` count as finished, its tables ending where it diverged."""
    write_whole(folder / DIVERGED, (json.dumps(about, indent=2) + "\n").encode())


def discard_other(folder: Path, scenario: Scenario) -> None:
    """Throw away an unfinished run that another version began under another scenario: it cannot be gone on with."""
    if not folder.is_dir():
        return
    try:
        same = Run(folder).manifest["scenario_sha256"] == fingerprint(scenario)
    except UserError:
        same = False
    if not same:
        shutil.rmtree(folder)


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Whether this process alone may write to `folder`, until the end of the block; also if that process is killed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _is_done(folder: Path) -> bool:
    if (folder / HEADER).is_file():
        return bool(header(folder).checksums)
    return (folder / DIVERGED).is_file() or (Run.is_one(folder) and Run(folder).finished)
