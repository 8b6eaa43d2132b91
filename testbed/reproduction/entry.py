"""`reproduce`: all jobs of a plan, then what they say."""

import os
from dataclasses import replace
from pathlib import Path

from testbed.errors import UserError
from testbed.learning.data.find import find
from testbed.learning.data.sets import facts_of
from testbed.reproduction.choice import Choice
from testbed.reproduction.grid import Plan
from testbed.reproduction.jobs import Jobs
from testbed.reproduction.store import Store
from testbed.reproduction.workers import Listener, work
from testbed.scenario.algorithms import names


def reproduce(
    choice: Choice,
    out: Path,
    listener: Listener,
    *,
    results: Path | None = None,
    workers: int | None = None,
    only_airs: bool = False,
    only_tables: bool = False,
    data_dir: Path | None = None,
) -> None:
    """Record and run in the folder `out` what is missing there, and write tables and figures into `results`.

    `workers`: processes; by default one for each core. Raises UserError for data that is missing, and, at the end, for
    jobs that failed.
    """
    root = out / "quick" if choice.quick else out
    jobs = Jobs(_possible(choice.plan()), Store(root), only_airs)
    if not (only_airs or only_tables):
        _require_data(jobs.plan, data_dir)
    failed = [] if only_tables else work(jobs, workers or os.cpu_count() or 1, data_dir, listener)
    if failed:
        raise UserError("\n".join(f"{done.job.name} failed: {done.told}" for done in failed))


def _possible(plan: Plan) -> Plan:
    """Less the methods that are not here."""
    return replace(plan, methods=tuple(method for method in plan.methods if method in names()))


def _require_data(plan: Plan, data_dir: Path | None) -> None:
    for task in plan.tasks:
        if find(task.data, data_dir) is None:
            raise UserError(
                f"The data set {task.data} is not on this machine ({facts_of(task.data).how}); --data chooses another."
            )
