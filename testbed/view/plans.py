"""What the list says of a sweep: how many cells it should have, its axes, and what failed."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.page.facts import beginning
from testbed.results import Sweep
from testbed.results.sweep import PLAN
from testbed.view.state import stamp

FAILED = "failed"
"""In the folder of a sweep: what each cell that failed said last, NAME.txt."""

MOST_TOLD, MOST_LETTERS = 20, 1000
"""Failures that are told, and how much of each."""


@dataclass(frozen=True)
class Plan:
    """A sweep as of its plan; `cells` is None where the plan cannot be read."""

    stamps: tuple[tuple[int, int], ...]
    values: dict[str, Any]
    """JSON values."""
    cells: frozenset[str] | None


def plan(folder: Path, known: Plan | None = None) -> Plan:
    """Of the sweep in `folder`; `known` is what was read before, and given back if nothing has changed."""
    stamps = (stamp(folder / PLAN), stamp(folder / FAILED))
    if known is not None and known.stamps == stamps:
        return known
    about: dict[str, Any] = {"kind": "sweep", "name": folder.name}
    try:
        if (folder / PLAN).is_symlink():
            raise UserError(f"{PLAN} is a link: it is not opened.")
        sweep = Sweep(folder)
        cells = frozenset(each.name for each in sweep.cells)
        axes = {key: [str(value) for value in values] for key, values in sweep.axes.items()}
    except (UserError, OSError, ValueError, RecursionError) as error:
        return Plan(stamps, about | {"said": str(error)}, None)
    failures = [name for name in _failures(folder / FAILED) if name in cells]
    told = [(name, beginning(folder / FAILED / f"{name}.txt")[:MOST_LETTERS]) for name in failures[:MOST_TOLD]]
    about |= {"planned": len(cells), "axes": axes, "failed": len(failures), "failures": told}
    return Plan(stamps, about, cells)


def _failures(folder: Path) -> list[str]:
    """Cells that failed, and have not been done since."""
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in entries if each.is_file(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(name.removesuffix(".txt") for name in names if name.endswith(".txt"))
