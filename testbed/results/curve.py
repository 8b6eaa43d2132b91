"""What a run gave, round by round, and what it took to a target."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.results.directory import Run

Reals = NDArray[np.float64]
NOTHING: Reals = np.empty(0)

DIVERGED = "diverged.json"
"""In the run directory of a reproduction's cell whose numbers ran away."""


@dataclass(frozen=True)
class Curve:
    """All arrays (rounds,); as many rounds as there were before a divergence."""

    accuracy: Reals
    """Mean over devices; NaN in rounds that were not evaluated."""
    seconds: Reals
    """Simulated, until the round closed."""
    bytes: Reals
    """Of messages, of all devices, so far."""
    joules: Reals
    """Of radios and computing, of all devices, so far; NaN where the air knows none."""
    small_share: Reals
    """Share of the parameters with |w| <= .01."""
    density: float = float("nan")
    """Realised, mean over rounds."""
    training_s: float = float("nan")
    """Wall-clock seconds of local training in a round, the median."""
    mixing_s: float = float("nan")
    """The same of mixing."""
    diverged: bool = False
    airtime_s: Reals = field(default_factory=lambda: NOTHING)
    """That radios sent, of all devices, so far: data, repairs, hellos, answers."""
    rank: Reals = field(default_factory=lambda: NOTHING)
    """Of adapters, mean over layers and devices; empty without adapters."""
    energy_above: Reals = field(default_factory=lambda: NOTHING)
    """Share of |B A|_F^2 above the smallest rank, mean over layers and devices; likewise."""

    @property
    def last(self) -> float:
        """The mean accuracy of the last round that was measured; 0 if none was."""
        measured = self.accuracy[np.isfinite(self.accuracy)]
        return float(measured[-1]) if len(measured) else 0.0

    @property
    def step_s(self) -> float:
        """Wall-clock seconds that a round takes the learning."""
        return self.training_s + self.mixing_s

    @property
    def best(self) -> float:
        """Max Acc: the highest mean accuracy of all rounds; 0 if it diverged before any was measured."""
        return float(np.nanmax(self.accuracy)) if np.isfinite(self.accuracy).any() else 0.0

    def first(self, target: float) -> int | None:
        """Conv. Rds, counted from 1: the first round whose mean accuracy is at least `target`; None if none is."""
        reached = np.flatnonzero(self.accuracy >= target)
        return int(reached[0]) + 1 if len(reached) else None

    def at(self, values: Reals, target: float) -> float:
        """The value of one of the arrays in that round; NaN if there is none."""
        round_ = self.first(target)
        return float("nan") if round_ is None else float(values[round_ - 1])


def has_diverged(folder: Path) -> bool:
    """Whether the run in `folder` was stopped because its numbers ran away: a file says so, or the end of its log."""
    if (folder / DIVERGED).is_file():
        return True
    try:
        last = json.loads((folder / "log.jsonl").read_text("utf-8").splitlines()[-1])
        return last["event"] == "stopped" and str(last["reason"]).startswith("Diverged:")
    except (OSError, ValueError, LookupError, TypeError):
        return False


def curve_of(folder: Path) -> Curve:
    """The curve of the run in `folder`, finished or not. Raises UserError for tables of another version."""
    run, diverged = Run(folder), has_diverged(folder)
    try:
        rounds = run.rounds
    except UserError:
        if not diverged:
            raise
        # In its first round: there is none to read.
        return Curve(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, diverged=True)
    try:
        return _curve(run, rounds, diverged)
    except KeyError as error:
        raise UserError(f"{folder} is of another version of testbed: its tables have no column {error}.") from None
    except (TypeError, ValueError):
        raise UserError(f"{folder} is damaged: its tables hold something else than numbers.") from None


def _curve(run: Run, rounds: dict[str, Reals], diverged: bool) -> Curve:
    return Curve(
        accuracy=rounds["accuracy_mean"],
        seconds=rounds["closed_ns"] / 1e9,
        bytes=rounds["bytes"].cumsum().astype(np.float64),
        joules=rounds["energy_j"].cumsum(),
        small_share=rounds["small_share"],
        density=float(rounds["density"].mean()),
        training_s=_wall_s(run, "training_s"),
        mixing_s=_wall_s(run, "mixing_s"),
        diverged=diverged,
        airtime_s=rounds["airtime_ns"].cumsum() / 1e9,
        rank=_mean(run, "rank"),
        energy_above=_mean(run, "energy_above"),
    )


def _wall_s(run: Run, column: str) -> float:
    """Of a round, the median; NaN where nobody kept the time."""
    try:
        taken = run.wall[column]
    except UserError:
        return float("nan")
    return float(np.median(taken)) if len(taken) else float("nan")


def _mean(run: Run, column: str) -> Reals:
    """(rounds,) over devices, of a column that not every algorithm has; empty where it has none."""
    devices = run.devices
    if column not in devices:
        return NOTHING
    count = int(devices["device"].max()) + 1
    return devices[column].reshape(-1, count).mean(1)  # type: ignore[no-any-return]
