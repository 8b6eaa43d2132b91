"""What a tracker is, and what it is told: the scenario's keys once, then the rows of `rounds`.

The step of a number is its round, its time the simulated time at which the round closed. So a log depends on the tables
alone: one that was written while the run went on is that which is written afterwards.
"""

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from testbed.errors import UserError
from testbed.results import Run
from testbed.results.sweep import CELLS

Row = Mapping[str, float]
"""A row of `rounds`, by column."""

Key = bool | int | float | str


class Tracker(Protocol):
    """The log of one run in another program's form; made with the run's folder, whose log it goes on with."""

    def log(self, rows: Iterable[Row]) -> None:
        """Have these rounds in the log, each once: those that are there already are passed over.

        The first call after a tracker was made gives all rounds from 0 on, later ones those that came since.
        """

    def close(self, status: str) -> None:
        """No more rows come for now; `status` as in the manifest: running, stopped or finished."""


def metrics(row: Row) -> dict[str, float]:
    """What is logged of a row: the columns but the round itself, where they are finite numbers."""
    return {name: float(value) for name, value in row.items() if name != "round" and math.isfinite(value)}


def rows_of(run: Run) -> list[Row]:
    """The rows of `rounds`, as Python numbers."""
    columns = {name: column.tolist() for name, column in run.rounds.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def hyperparameters(folder: Path) -> dict[str, Key]:
    """The scenario's keys by their dotted names; lists and tables as JSON. Raises UserError where they are damaged."""
    file = folder / "scenario.toml"
    try:
        tree = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{file} cannot be read as a scenario: {error}.") from None
    sections = {name: section for name, section in tree.items() if isinstance(section, dict)}
    return {f"{name}.{key}": _plain(value) for name, section in sections.items() for key, value in section.items()}


def store_of(folder: Path) -> Path:
    """The folder whose runs are compared with that in `folder`, and share a store: the sweep, or where the run lies."""
    home = folder.resolve().parent
    return home.parent if home.name == CELLS else home


def _plain(value: object) -> Key:
    return value if isinstance(value, bool | int | float | str) else json.dumps(value, default=str)
