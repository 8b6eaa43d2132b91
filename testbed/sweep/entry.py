"""`sweep`: all cells of a plan, each once."""

from pathlib import Path

from testbed.campaign import Done, Engine, Listener, Store, work
from testbed.errors import UserError
from testbed.learning.data import catalogue
from testbed.results import Sweep
from testbed.results.sweep import PLAN, SWEEP, Damaged
from testbed.sweep.jobs import Jobs
from testbed.sweep.log import Log
from testbed.sweep.plan import Plan
from testbed.tables import write_whole


def sweep(
    plan: Plan, out: Path, engine: Engine, listener: Listener, data_dir: Path | None = None, command: str = ""
) -> list[Done]:
    """Run in the folder `out` what of the plan is not finished there; returns the jobs that failed.

    Stopped or killed, it loses nothing that a cell's checkpoints hold; called again, it goes on. Raises UserError for
    data that is missing, and for a folder that holds anything else.
    """
    require_folder(plan, out)
    _require_data({cell.run.data.name for cell in plan.cells}, data_dir)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / SWEEP, plan.text.encode())
    write_whole(out / PLAN, plan.dumps(command).encode())
    return work(Jobs(plan, Store(out)), engine, data_dir, Log(out, listener))


def require_folder(plan: Plan, out: Path) -> None:
    """Raises UserError for a folder that holds anything but an earlier state of this sweep."""
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: name a folder.")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not Sweep.is_one(out):
        raise UserError(f"{out} holds files that are not of a sweep: choose another folder.")
    try:
        name = Sweep(out).name
    except Damaged:
        return
    if name != plan.name:
        raise UserError(f"{out} holds the sweep {name!r}: choose another folder, or name this one alike to add to it.")


def _require_data(names: set[str], data_dir: Path | None) -> None:
    missing = [entry for entry in catalogue(data_dir) if entry.name in names and entry.state.startswith("missing")]
    for entry in missing:
        raise UserError(f"{entry.name} is not on this machine: {entry.state.removeprefix('missing: ')}.")
