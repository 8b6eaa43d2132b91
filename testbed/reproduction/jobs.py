"""What is left to do, and doing one piece of it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.reproduction.job import Air, Cell, Job
from testbed.reproduction.store import Store, claimed, discard_other, write_diverged
from testbed.session import record, run
from testbed.session.divergence import Diverged


@dataclass(frozen=True)
class Done:
    """How a job went."""

    job: Job
    seconds: float
    told: str
    failed: bool = False


class Jobs(ABC):
    """All jobs of a plan, as far as they are known: some become known when others are finished."""

    def __init__(self, store: Store, only_airs: bool = False) -> None:
        self.store, self.only_airs = store, only_airs

    @abstractmethod
    def cells(self) -> Sequence[Cell]:
        """All that are known, each once, the most wanted first."""

    @abstractmethod
    def airs(self) -> Sequence[Air]:
        """All airs, each once, the most wanted first."""

    def open(self) -> tuple[list[Air], list[Cell]]:
        """Airs not recorded yet, and cells that can be run now."""
        airs = [air for air in self.airs() if not self.store.is_done(air)]
        if self.only_airs:
            return airs, []
        missing = {air.name for air in airs}
        cells = [cell for cell in self.cells() if not self.store.is_done(cell)]
        return airs, [cell for cell in cells if (air := cell.recording()) is None or air.name not in missing]

    def count(self) -> tuple[int, int]:
        """How many are done, of how many that are known."""
        jobs: list[Job] = [*self.airs(), *([] if self.only_airs else self.cells())]
        return sum(map(self.store.is_done, jobs)), len(jobs)


def do(job: Job, root: Path, data_dir: Path | None) -> Done | None:
    """Record the air or run the cell; None where another process is at it. Raises UserError as these do."""
    store, began = Store(root), time.monotonic()
    with claimed(store.folder(job)) as mine:
        if not mine:
            return None
        if store.is_done(job):
            return Done(job, 0.0, "done meanwhile")
        told = _record(job, store) if job.kind == "air" else _run(job, store, data_dir)
    return Done(job, time.monotonic() - began, told)


def _record(air: Air, store: Store) -> str:
    trace = record(air.scenario(), store.folder(air), resume=True)
    return f"{trace.exchanges[-1].closed_ns / 1e9:.1f} s simulated, density {trace.densities().mean():.3f}"


def _run(cell: Cell, store: Store, data_dir: Path | None) -> str:
    recording, folder = cell.recording(), store.folder(cell)
    scenario = cell.scenario(store.folder(recording) if recording else None)
    discard_other(folder, scenario)
    try:
        ran = run(scenario, folder, resume=True, data_dir=data_dir)
    except Diverged as error:
        write_diverged(folder, {"round": error.round_, "device": error.device, "sentence": str(error)})
        return f"diverged in round {error.round_ + 1}"
    return f"best accuracy {ran.best_accuracy:.4f}"
