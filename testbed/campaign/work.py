"""The campaign: every job goes to an engine as soon as it can be done; whenever this is stopped, nothing is lost."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from testbed.campaign.doing import Done
from testbed.campaign.engine import Ended, Engine
from testbed.campaign.job import Job
from testbed.campaign.jobs import Jobs

TRIES = 2
"""How often a job is begun that fails, or whose process dies; a later call begins it again."""
TICK_S = 0.5
"""How often the listener hears of what is going on."""


class Listener(Protocol):
    """Whoever tells the person how it goes."""

    def counted(self, done: int, known: int) -> None:
        """So many of the jobs known so far are done."""

    def started(self, job: Job) -> None:
        """A worker begins a job."""

    def ended(self, done: Done) -> None:
        """A job is done, or failed."""

    def ticked(self) -> None:
        """Time has passed."""


def work(jobs: Jobs, engine: Engine, data_dir: Path | None, listener: Listener) -> list[Done]:
    """Do all jobs but those that another process is at; returns those that failed, each with its sentence."""
    going: dict[str, Job] = {}
    tries: Counter[str] = Counter()
    failed: dict[str, Done] = {}
    with engine:
        while True:
            listener.counted(*jobs.count())
            for job in _next(jobs, going, tries, engine.workers):
                going[job.name] = job
                engine.start(job, jobs.store.root, data_dir)
                listener.started(job)
            if not going:
                return list(failed.values())
            while not (ended := engine.wait(TICK_S)):
                listener.ticked()
            for each in ended:
                del going[each.job.name]
                failed.pop(each.job.name, None)
                if done := _outcome(each, tries):
                    listener.ended(done)
                    failed.update({each.job.name: done} if done.failed else {})


def _next(jobs: Jobs, going: dict[str, Job], tries: Counter[str], workers: int) -> Iterator[Job]:
    """Jobs for the free workers, what failed after the rest. Half of the workers rather record airs, the others rather
    run cells."""
    untried = ([job for job in each if job.name not in going and tries[job.name] < TRIES] for each in jobs.open())
    airs, cells = (sorted(each, key=lambda job: tries[job.name]) for each in untried)
    recording = sum(job.kind == "air" for job in going.values())
    for _ in range(workers - len(going)):
        if airs and (recording < workers // 2 or not cells):
            recording += 1
            yield airs.pop(0)
        elif cells:
            yield cells.pop(0)


def _outcome(ended: Ended, tries: Counter[str]) -> Done | None:
    """What is to be told of it; a job that went wrong may be tried again, one that another campaign is at is left."""
    name, done = ended.job.name, ended.done
    tries[name] += TRIES if done is None and not ended.died else 1
    again = "; it is begun again" if tries[name] < TRIES else "; the same command goes on with it"
    if ended.died:
        return Done(ended.job, 0.0, f"its process died, perhaps for want of memory{again}", failed=True)
    if done and done.failed and tries[name] < TRIES:
        return Done(ended.job, 0.0, f"{done.told} It is tried once more.", failed=True)
    return done
