"""Doing one job, in whatever process."""

import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from testbed.campaign.job import Air, Cell, Job
from testbed.campaign.store import Store, claimed, discard_other, discard_other_air, write_diverged
from testbed.errors import UserError
from testbed.scenario import fingerprint
from testbed.session import record, run
from testbed.session.divergence import Diverged
from testbed.tables import write_whole


@dataclass(frozen=True)
class Done:
    """How a job went."""

    job: Job
    seconds: float
    told: str
    failed: bool = False


def attempt(job: Job, root: Path, data_dir: Path | None) -> Done | None:
    """`do`; whatever goes wrong is told, and kept in the store with where it happened."""
    failure = Store(root).failure(job)
    try:
        done = do(job, root, data_dir)
    except UserError as error:
        told, details = str(error), str(error)
    except Exception as error:
        told, details = f"{type(error).__name__}: {error} (all of it is in {failure})", traceback.format_exc()
    else:
        failure.unlink(missing_ok=True)
        return done
    failure.parent.mkdir(parents=True, exist_ok=True)
    write_whole(failure, (details.rstrip("\n") + "\n").encode())
    return Done(job, 0.0, told, failed=True)


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
    scenario, folder = air.scenario(), store.folder(air)
    discard_other_air(folder, scenario)
    trace = record(scenario, folder, resume=True)
    return f"{trace.exchanges[-1].closed_ns / 1e9:.1f} s simulated, density {trace.densities().mean():.3f}"


def _run(cell: Cell, store: Store, data_dir: Path | None) -> str:
    air, folder = cell.recording(), store.folder(cell)
    recording = store.folder(air) if air else None
    scenario = cell.scenario(recording)
    if cell.fingerprint not in (None, fingerprint(scenario)):
        raise UserError("A file that its scenario names has changed since this was begun: call the same command again.")
    discard_other(folder, scenario)
    try:
        ran = run(scenario, folder, resume=True, data_dir=data_dir, recording=recording)
    except Diverged as error:
        write_diverged(folder, {"round": error.round_, "device": error.device, "sentence": str(error)})
        return f"diverged in round {error.round_}"
    return f"best accuracy {ran.best_accuracy:.4f}"
