"""What the list of runs says of one of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.page.facts import Facts, facts, text
from testbed.view.finding import check_plain
from testbed.view.state import FIRST_S, Pulse, patience_s, said, standing

UNREADABLE = (UserError, OSError, ValueError, RecursionError, NotImplementedError)
"""What reading a run that may come from anybody can raise."""


@dataclass(frozen=True)
class Digest:
    """A run in a line of the list; all of it is read from its files, and holds until they change."""

    state: str
    """One of state.SAID, damaged or unknown."""
    values: dict[str, Any]
    """JSON values."""
    patience_s: float = FIRST_S

    def row(self, pulse: Pulse) -> dict[str, Any]:
        """As the page gets it."""
        state = standing(self.state, self.patience_s, pulse)
        return {**self.values, "state": state, "written": round(pulse.written_s)}


def opened(folder: Path) -> Facts:
    """The run in `folder`. Raises one of UNREADABLE."""
    check_plain(folder)
    return facts(folder)


def digest(folder: Path) -> Digest:
    """Of a run that cannot be read, the sentence why: the others are to be seen."""
    try:
        run = opened(folder)
        state = said(run)
        return Digest(state, _values(run), patience_s(run.run) if state == "running" else FIRST_S)
    except UNREADABLE as error:
        return Digest("damaged", {"name": folder.name, "said": str(error) or type(error).__name__})


def _values(run: Facts) -> dict[str, Any]:
    wanted = run.get("run", "rounds")
    about = {
        "name": run.run.folder.name,
        "algorithm": run.algorithm,
        "seed": text(run.run.manifest.get("seed")),
        "rounds": run.rounds,
        "wanted": wanted if isinstance(wanted, int) else None,
    }
    return about | (_results(run) if run.rounds else {})


def _results(run: Facts) -> dict[str, Any]:
    accuracy = run.column("accuracy_mean")
    measured = accuracy[np.isfinite(accuracy)]
    return {
        "last": float(measured[-1]) if len(measured) else None,
        "best": float(measured.max()) if len(measured) else None,
        "density": number(run.column("density").mean()),
        "seconds": number(run.column("closed_ns")[-1] / 1e9),
        "megabytes": number(run.column("bytes").sum() / 1e6),
    }


def number(value: float) -> float | None:
    """As JSON has it, which knows neither NaN nor infinity."""
    return float(value) if np.isfinite(value) else None


def numbers(values: NDArray[Any]) -> list[float | None]:
    """The same of an array, to ten digits."""
    return [float(f"{value:.10g}") if np.isfinite(value) else None for value in values.tolist()]
