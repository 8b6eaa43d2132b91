"""`reproduce`: all jobs of a plan, then what they say."""

import os
from dataclasses import replace
from pathlib import Path

import testbed
from testbed.errors import UserError
from testbed.learning.data.find import find
from testbed.learning.data.sets import facts_of
from testbed.reproduction.choice import Choice
from testbed.reproduction.grid import Plan
from testbed.reproduction.jobs import Jobs
from testbed.reproduction.page import write
from testbed.reproduction.results import Results
from testbed.reproduction.store import Store
from testbed.reproduction.workers import Listener, work


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
) -> Path | None:
    """Record and run in the folder `out` what is missing there, and write tables and figures into `results`.

    Written is all that is in `out`, whatever of it was asked for now. `workers`: processes; by default one for each
    core. Returns the page, if one was written. Raises UserError for data that is missing, and at the end for jobs
    that failed.
    """
    if only_airs and only_tables:
        raise UserError("--only-airs and --only-tables exclude each other: one records, the other only writes.")
    for folder in filter(None, (out, results)):
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file: name a folder.")
    root = out / "quick" if choice.quick else out
    jobs = Jobs(choice.plan(), Store(root), only_airs)
    if not (only_airs or only_tables):
        _require_data(jobs.plan, data_dir)
    failed = [] if only_tables else work(jobs, workers or os.cpu_count() or 1, data_dir, listener)
    page = None
    if not only_airs:
        whole = replace(choice, tables=(), base=False, data="all", air="both", lr="both").plan()
        page, *_ = write(Results(Jobs(whole, jobs.store)), results or place(root, choice.quick))
    if failed:
        raise UserError("\n".join(f"{done.job.name} failed: {done.told}" for done in failed))
    return page


def place(root: Path, is_quick: bool) -> Path:
    """Where results go by default: into the docs of a checkout; those of a quick look beside its runs."""
    docs = Path(testbed.__file__).parents[1] / "docs"
    return docs / "reproduction" if docs.is_dir() and not is_quick else root / "results"


def _require_data(plan: Plan, data_dir: Path | None) -> None:
    for task in plan.tasks:
        if find(task.data, data_dir) is None:
            raise UserError(
                f"The data set {task.data} is not on this machine ({facts_of(task.data).how}); --data chooses another."
            )
