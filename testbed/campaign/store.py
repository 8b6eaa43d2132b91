"""The folder that airs and cells are kept in: what is finished in it is never done again.

OUT/airs/<name>/   a recorded trace          OUT/cells/<name>/   a run directory, and diverged.json if it diverged
OUT/failed/<name>.txt   what a job that failed said last
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed.campaign.job import Job
from testbed.errors import UserError
from testbed.results import Run
from testbed.results.curve import DIVERGED
from testbed.scenario import Scenario, fingerprint
from testbed.tables import write_whole
from testbed.trace import header
from testbed.trace.files import HEADER


class Store:
    """Airs and cells in `root`. What was found finished is taken to stay so."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._done: set[str] = set()

    def folder(self, job: Job) -> Path:
        return self.root / f"{job.kind}s" / job.name

    def is_done(self, job: Job) -> bool:
        if job.name not in self._done and _is_done(self.folder(job), job):
            self._done.add(job.name)
        return job.name in self._done

    def failure(self, job: Job) -> Path:
        """The file that says how the job failed; there only as long as it has not been done since."""
        return self.root / "failed" / f"{job.name}.txt"


def write_diverged(folder: Path, about: dict[str, Any]) -> None:
    """Have the cell in `folder` count as finished, its tables ending where it diverged."""
    write_whole(folder / DIVERGED, (json.dumps(about, indent=2) + "\n").encode())


def discard_other(folder: Path, scenario: Scenario) -> None:
    """Set aside a run that cannot be gone on with: of another scenario, begun by another version, or damaged."""
    if not folder.is_dir():
        return
    try:
        same = Run(folder).manifest.get("scenario_sha256") == fingerprint(scenario)
    except UserError:
        same = False
    if not same:
        _set_aside(folder)


def discard_other_air(folder: Path, scenario: Scenario) -> None:
    """The same of an unfinished recording."""
    if not (folder / HEADER).is_file():
        return
    try:
        other = header(folder).scenario != fingerprint(scenario)
    except UserError:
        other = True
    if other:
        _set_aside(folder)


def _set_aside(folder: Path) -> None:
    """Beside the folder, as NAME.other; what was set aside before goes."""
    aside = folder.with_name(f"{folder.name}.other")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)


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


def _is_done(folder: Path, job: Job) -> bool:
    """What cannot be read is not done."""
    try:
        if job.kind == "air":
            return (folder / HEADER).is_file() and bool(header(folder).checksums)
        ended = Run.is_one(folder) and (Run(folder).finished or (folder / DIVERGED).is_file())
        return ended and job.fingerprint in (None, Run(folder).manifest.get("scenario_sha256"))
    except UserError:
        return False
