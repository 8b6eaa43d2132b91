"""`reproduce`: all jobs of a plan, then what they say."""

import os
from pathlib import Path

import testbed
from testbed.campaign import Listener, LocalEngine, work
from testbed.errors import UserError
from testbed.learning.data import catalogue
from testbed.reproduction.choice import Choice
from testbed.reproduction.store import Store


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
    root = out / choice.place / "quick" if choice.quick else out / choice.place
    store = Store(root)
    jobs = choice.jobs(store, only_airs)
    if not (only_airs or only_tables):
        _require_data(choice.needs(), data_dir)
    failed = [] if only_tables else work(jobs, LocalEngine(workers or os.cpu_count() or 1), data_dir, listener)
    page = None if only_airs else choice.write(store, results or place(root, choice))
    if failed:
        raise UserError("\n".join(f"{done.job.name} failed: {done.told}" for done in failed))
    return page


def place(root: Path, choice: Choice) -> Path:
    """Where results go by default: into the docs of a checkout; those of a quick look beside its runs."""
    docs = Path(testbed.__file__).parents[1] / "docs"
    return docs / "reproduction" / choice.place if docs.is_dir() and not choice.quick else root / "results"


def _require_data(names: list[str], data_dir: Path | None) -> None:
    states = {entry.name: entry.state for entry in catalogue(data_dir)}
    for name in names:
        if states[name].startswith("missing"):
            how = states[name].removeprefix("missing: ")
            raise UserError(f"{name} is not on this machine ({how}); --data chooses another.")
