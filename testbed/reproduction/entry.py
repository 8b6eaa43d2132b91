"""`reproduce`: all jobs of a plan, then what they say."""

from dataclasses import replace
from pathlib import Path

from testbed.errors import UserError
from testbed.learning.data.find import find
from testbed.learning.data.sets import facts_of
from testbed.reproduction.grid import Plan
from testbed.reproduction.jobs import Done, Jobs
from testbed.reproduction.store import Store
from testbed.reproduction.workers import Listener, work
from testbed.scenario.algorithms import names


def reproduce(
    plan: Plan,
    out: Path,
    listener: Listener,
    workers: int,
    only_airs: bool = False,
    data_dir: Path | None = None,
) -> list[Done]:
    """Record and run what is missing in the folder `out`; returns what failed. Raises UserError for missing data."""
    jobs = Jobs(_possible(plan), Store(out), only_airs)
    if not only_airs:
        _require_data(plan, data_dir)
    return work(jobs, workers, data_dir, listener)


def _possible(plan: Plan) -> Plan:
    """Less the methods that are not here."""
    return replace(plan, methods=tuple(method for method in plan.methods if method in names()))


def _require_data(plan: Plan, data_dir: Path | None) -> None:
    for task in plan.tasks:
        if find(task.data, data_dir) is None:
            raise UserError(
                f"The data set {task.data} is not on this machine ({facts_of(task.data).how}); --data chooses another."
            )
