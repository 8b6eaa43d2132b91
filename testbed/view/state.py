"""How a run stands, as far as its files say."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from testbed.errors import UserError
from testbed.page.facts import Facts
from testbed.results import Run
from testbed.results.curve import DIVERGED, has_diverged

WRITTEN = ("manifest.json", "log.jsonl", "rounds.arrows", DIVERGED)
"""Files by which it is seen that a run has changed."""

SAID = ("running", "stopped", "diverged", "finished")
"""What the files of a run say. One that says it runs and has long written nothing is `silent`: its process may have
died. The list has `damaged` and `unknown` as well."""

FIRST_S, LEAST_S, ROUNDS = 900.0, 120.0, 5
"""A run is silent after so many seconds without its first round; later after so many, and as many of its rounds."""


@dataclass(frozen=True)
class Pulse:
    """What the file system says of a run."""

    stamp: tuple[tuple[int, int], ...]
    """Of each file of WRITTEN: when it changed, in ns since 1970, and its size in bytes; zeros where there is none."""

    @property
    def written_s(self) -> float:
        """Since 1970, when the last of them changed."""
        return max(changed for changed, _ in self.stamp) / 1e9


def pulse(folder: Path) -> Pulse:
    """A look at a run, without opening a file."""
    return Pulse(tuple(stamp(folder / name) for name in WRITTEN))


def stamp(file: Path) -> tuple[int, int]:
    """When it changed, in ns since 1970, and its size in bytes; zeros where there is none."""
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def standing(said: str, patience_s: float, pulse: Pulse) -> str:
    """How it stands now, as silence is told by the clock."""
    silent = said == "running" and time.time() - pulse.written_s > patience_s
    return "silent" if silent else said


def state(run: Facts) -> str:
    """The same of a run that was just read."""
    found = said(run)
    return standing(found, patience_s(run.run), pulse(run.run.folder)) if found == "running" else found


def said(run: Facts) -> str:
    """One of SAID, or unknown."""
    if has_diverged(run.run.folder):
        return "diverged"
    return run.status if run.status in SAID else "unknown"


def patience_s(run: Run) -> float:
    """After so many seconds without a word, a run that says it runs is silent."""
    try:
        wall = run.wall
        longest = float(np.sum([column for name, column in wall.items() if name.endswith("_s")], axis=0).max())
    except (UserError, TypeError, ValueError):  # no round is whole yet, or it is no such table
        return FIRST_S
    return max(LEAST_S, ROUNDS * longest) if math.isfinite(longest) else FIRST_S
