"""What a run's manifest, scenario and tables say of it, as texts. They may come from anybody: nothing is believed."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.results import Run
from testbed.results.directory import ROUNDS
from testbed.scenario.algorithms import names, title
from testbed.tables import is_begun

MOST_BYTES = 200_000
"""Of a scenario, a log or a text that are read."""


@dataclass(frozen=True)
class Facts:
    """A run as a page tells of it."""

    run: Run
    tree: dict[str, Any]
    """The sections of its scenario; empty where that cannot be read."""
    toml: str
    columns: dict[str, NDArray[Any]]
    """Of `rounds`; without rows where no round is whole yet."""

    @property
    def name(self) -> str:
        return text(self.get("run", "name")) or self.run.folder.resolve().name

    @property
    def algorithm(self) -> str:
        """As people write it; of a file of somebody's own its name alone, as nothing outside the run is looked at."""
        name = text(self.get("algorithm", "name"))
        return title(name) if name in names() else Path(name).stem or "unknown"

    @property
    def rounds(self) -> int:
        return len(self.columns["round"])

    @property
    def status(self) -> str:
        """finished, diverged, running or stopped, as far as it says so."""
        if self.stopped.startswith("Diverged"):
            return "diverged"
        return text(self.run.manifest.get("status")) or "unknown"

    @property
    def stopped(self) -> str:
        """Why it was stopped, if it was."""
        return "" if self.run.finished else last_reason(self.run.folder)

    def get(self, section: str, key: str) -> Any:
        """A key of the scenario, or None."""
        keys = self.tree.get(section)
        return keys.get(key) if isinstance(keys, dict) else None

    def column(self, name: str) -> NDArray[np.float64]:
        """(rounds,) of a column of numbers."""
        return self.columns[name].astype(float)


def facts(folder: Path) -> Facts:
    """Raises UserError for a folder that is no run, and for a damaged or foreign table."""
    run = Run(folder)
    if not isinstance(run.manifest, dict):
        raise UserError(f"{folder}/manifest.json is damaged: it is no object of JSON.")
    toml = beginning(folder / "scenario.toml")
    return Facts(run, _tree(toml), toml, _rounds(run))


def last_reason(folder: Path) -> str:
    """Of the stop that the log of a run ends with; empty where it goes on after it, or never stopped."""
    for line in reversed(beginning(folder / "log.jsonl").splitlines()):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and "event" in entry:
            return text(entry.get("reason")) if entry["event"] == "stopped" else ""
    return ""


def text(value: object) -> str:
    """A value that should be a text or a number; empty for anything else."""
    return str(value)[:MOST_BYTES] if isinstance(value, str | int | float) else ""


def _tree(toml: str) -> dict[str, Any]:
    try:
        return tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def beginning(file: Path) -> str:
    """Of a text file, as far as it is shown; empty where there is none."""
    try:
        with file.open("rb") as source:
            return source.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _rounds(run: Run) -> dict[str, NDArray[Any]]:
    """Table `rounds`, every column of it there and of numbers."""
    if not is_begun(run.folder, "rounds") and (run.folder / "rounds.arrows").is_file():
        return {name: np.zeros(0) for name in ROUNDS.names}
    return numeric(run.folder, "rounds", run.rounds, ROUNDS.names)


def numeric(
    folder: Path, table: str, columns: Mapping[str, NDArray[Any]], wanted: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Those columns. Raises UserError where one is missing or not of numbers."""
    for name in wanted:
        if name not in columns or columns[name].dtype.kind not in "biuf":
            raise UserError(f"{folder}: table {table!r} is foreign or damaged: it has no column {name!r} of numbers.")
    return {name: columns[name] for name in wanted}
