"""The table of a sweep's cells: where they differ, and what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.page.facts import Facts, facts, text

MOST_KEYS = 6
"""Keys in which cells differ that have a column."""

UNTOLD = {("run", "name"), ("run", "seed"), ("network", "trace"), ("network", "kind"), ("algorithm", "name")}
"""Keys that say nothing beside the columns that every table has."""

RESULTS = ("status", "rounds", "density", "best accuracy", "last accuracy", "simulated s", "MB sent", "wall s")


@dataclass(frozen=True)
class Row:
    """A cell; `said` stands in place of the values it has not."""

    values: tuple[str, ...]
    said: str = ""
    is_replayed: bool = False


@dataclass(frozen=True)
class Cells:
    """The table; `note` says what is not in it."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    """Of those that were begun."""
    finished: int
    planned: int
    note: str

    @property
    def progress(self) -> str:
        return f"{self.finished} of {self.planned} cells are finished"


def readable(folders: Sequence[Path]) -> dict[Path, Facts | str]:
    """Each cell, or the sentence why it cannot be read."""
    found: dict[Path, Facts | str] = {}
    for folder in folders:
        try:
            found[folder] = facts(folder)
        except UserError as error:
            found[folder] = str(error)
    return found


def table(found: dict[Path, Facts | str], replayed: Path | None, planned: int) -> Cells:
    """A row for each cell, in the order given; of `planned` in all."""
    keys = _differing([each for each in found.values() if isinstance(each, Facts)])
    shown = keys[:MOST_KEYS]
    rows = [_row(folder, each, shown, folder == replayed) for folder, each in found.items()]
    more = f"{len(keys) - len(shown)} more keys of the scenarios differ." if len(keys) > len(shown) else ""
    header = ("cell", "algorithm", "seed", *(".".join(key) for key in shown), *RESULTS)
    done = sum(isinstance(each, Facts) and each.status in ("finished", "diverged") for each in found.values())
    return Cells(header, tuple(rows), done, planned, more)


def _row(folder: Path, cell: Facts | str, keys: Sequence[tuple[str, str]], is_replayed: bool) -> Row:
    if isinstance(cell, str):
        return Row((folder.name,), cell)
    settings = (
        folder.name,
        cell.algorithm,
        text(cell.run.manifest.get("seed")),
        *(_shown(cell.get(*key)) for key in keys),
    )
    return Row((*settings, *_results(cell)), "", is_replayed)


def _results(cell: Facts) -> tuple[str, ...]:
    wall = cell.run.manifest.get("wall_s")
    took = f"{wall:.0f}" if isinstance(wall, int | float) else ""
    if not cell.rounds:
        return (cell.status, "0", "", "", "", "", "", took)
    accuracy = cell.column("accuracy_mean")
    measured = accuracy[np.isfinite(accuracy)]
    best, last = (f"{measured.max():.4f}", f"{measured[-1]:.4f}") if len(measured) else ("", "")
    seconds, megabytes = cell.column("closed_ns")[-1] / 1e9, cell.column("bytes").sum() / 1e6
    density = f"{cell.column('density').mean():.3f}"
    return (cell.status, str(cell.rounds), density, best, last, f"{seconds:.1f}", f"{megabytes:.1f}", took)


def _differing(cells: Sequence[Facts]) -> list[tuple[str, str]]:
    """Sections and keys in which the scenarios of the cells differ, in the order of the first that has them."""
    known = {
        (section, key): None
        for cell in cells
        for section, keys in cell.tree.items()
        if isinstance(keys, dict)
        for key in keys
    }
    return [each for each in known if each not in UNTOLD and len({repr(cell.get(*each)) for cell in cells}) > 1]


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
