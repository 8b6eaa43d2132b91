"""Which runs and sweeps lie below a folder. Links are not followed, as they may lead outside."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import UserError
from testbed.results import Run, Sweep
from testbed.results.sweep import CELLS

DEEPEST = 8
"""Folders below which nothing is looked for."""


@dataclass(frozen=True)
class Found:
    """A run, or a sweep, by its path below the folder that is viewed; that itself is `.`."""

    path: str
    folder: Path
    is_sweep: bool = False


def find(root: Path) -> Iterator[Found]:
    """All runs and sweeps, by name; a sweep before its cells. `root` must be resolved. Linked folders are passed by."""
    yield from _find(root, root, DEEPEST)


def _find(root: Path, folder: Path, deeper: int) -> Iterator[Found]:
    path = folder.relative_to(root).as_posix()
    if Run.is_one(folder):
        yield Found(path, folder)
        return
    if is_sweep := Sweep.is_one(folder):
        yield Found(path, folder, is_sweep)
    if deeper:
        for below in _folders(folder, only=CELLS if is_sweep else None):
            yield from _find(root, below, deeper - 1)


def _folders(folder: Path, only: str | None) -> Iterable[Path]:
    """Hidden and linked ones aside."""
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in entries if each.is_dir(follow_symlinks=False)]
    except OSError:  # gone since, or not for us
        return []
    return [folder / name for name in sorted(names) if not name.startswith(".") and only in (None, name)]


def check_plain(folder: Path) -> None:
    """Raises UserError if anything in `folder` is a link, which may lead outside, or a pipe, which may never end."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            file = Path(place, name)
            if file.is_symlink() or not (file.is_file() or file.is_dir() or not file.exists()):
                raise UserError(f"{file.name} in {folder.name} is a link or no plain file: the folder is not opened.")
