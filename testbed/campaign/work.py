"""The campaign: every job goes to an engine as soon as it can be done; whenever this is stopped, nothing is lost."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
LINGER_S = 40.0
"""For so long the workers of a call that was killed may still be at their jobs."""


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


@dataclass
class _Ledger:
    """What became of jobs that are not done, by their names."""

    tries: Counter[str] = field(default_factory=Counter)
    died: set[str] = field(default_factory=set)
    """Whose process died. These are begun alone: a process that dies may take others with it, and only so is it known
    which one was to blame."""
    elsewhere: set[str] = field(default_factory=set)
    """Another process is at them."""
    failed: dict[str, Done] = field(default_factory=dict)

    def may_begin(self, job: Job) -> bool:
        return job.name not in self.elsewhere and self.tries[job.name] < TRIES

    def note(self, ended: Ended) -> Done | None:
        """What is to be told of it; a job that went wrong may be tried again."""
        name = ended.job.name
        self.failed.pop(name, None)
        if ended.done is None and not ended.died:
            self.elsewhere.add(name)
            return None
        self.tries[name] += 1
        done = self._told(ended)
        if done.failed:
            self.failed[name] = done
        return done

    def _told(self, ended: Ended) -> Done:
        again = self.tries[ended.job.name] < TRIES
        if ended.done is None:
            self.died.add(ended.job.name)
            words = "it is begun again" if again else "the same command goes on with it"
            return Done(ended.job, 0.0, f"its process died, perhaps for want of memory; {words}", failed=True)
        if ended.done.failed and again:
            return Done(ended.job, 0.0, f"{ended.done.told} It is tried once more.", failed=True)
        return ended.done


def work(jobs: Jobs, engine: Engine, data_dir: Path | None, listener: Listener) -> list[Done]:
    """Do all jobs but those that another process is at; returns those that failed, each with its sentence."""
    going: dict[str, Job] = {}
    ledger, began, last = _Ledger(), time.monotonic(), False
    with engine:
        while True:
            listener.counted(*jobs.count())
            for job in _next(jobs, going, ledger, engine.workers):
                going[job.name] = job
                engine.start(job, jobs.store.root, data_dir)
                listener.started(job)
            if going:
                _wait(engine, going, ledger, listener)
            elif ledger.elsewhere and not last:  # once more at the end: who was at them may be gone
                time.sleep(TICK_S)
                ledger.elsewhere.clear()
                last = time.monotonic() - began > LINGER_S
            else:
                return list(ledger.failed.values())


def _wait(engine: Engine, going: dict[str, Job], ledger: _Ledger, listener: Listener) -> None:
    """Until some have ended."""
    while not (ended := engine.wait(TICK_S)):
        listener.ticked()
    for each in ended:
        del going[each.job.name]
        if done := ledger.note(each):
            listener.ended(done)


def _next(jobs: Jobs, going: Mapping[str, Job], ledger: _Ledger, workers: int) -> Iterator[Job]:
    """Jobs for the free workers, what failed after the rest, and what died after all of it. Half of the workers rather
    record airs, the others rather run cells."""
    if not ledger.died.isdisjoint(going):
        return
    untried = [[job for job in each if job.name not in going and ledger.may_begin(job)] for each in jobs.open()]
    airs, cells = ([job for job in each if job.name not in ledger.died] for each in untried)
    if not (airs or cells or going):
        yield from [job for each in untried for job in each][:1]
        return
    airs, cells = (sorted(each, key=lambda job: ledger.tries[job.name]) for each in (airs, cells))
    recording = sum(job.kind == "air" for job in going.values())
    for _ in range(workers - len(going)):
        if airs and (recording < workers // 2 or not cells):
            recording += 1
            yield airs.pop(0)
        elif cells:
            yield cells.pop(0)
