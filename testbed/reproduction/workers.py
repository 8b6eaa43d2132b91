"""Worker processes that do the jobs, as many at a time as asked for; whenever they are stopped, nothing is lost."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Protocol

import torch

from testbed.errors import UserError
from testbed.reproduction.job import Job
from testbed.reproduction.jobs import Done, Jobs, do


class Listener(Protocol):
    """Whoever tells the person how it goes."""

    def counted(self, done: int, known: int) -> None:
        """So many of the jobs known so far are done."""

    def started(self, job: Job) -> None:
        """A worker begins a job."""

    def ended(self, done: Done) -> None:
        """A job is done, or failed."""


def work(jobs: Jobs, workers: int, data_dir: Path | None, listener: Listener) -> list[Done]:
    """Do all jobs but those that another process is at; returns those that failed, each with its sentence."""
    running: dict[Future[Done | None], Job] = {}
    failed: list[Done] = []
    tried: set[str] = set()
    with _pool(workers) as pool:
        while True:
            listener.counted(*jobs.count())
            for job in _next(jobs, running, tried, workers):
                running[pool.submit(do, job, jobs.store.root, data_dir)] = job
                listener.started(job)
            if not running:
                return failed
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                job = running.pop(future)
                tried.add(job.name)
                if done := _outcome(future, job):
                    listener.ended(done)
                    failed += [done] * done.failed


def _next(jobs: Jobs, running: dict[Future[Done | None], Job], tried: set[str], workers: int) -> Iterator[Job]:
    """Jobs for the free workers. Half of the workers rather record airs, the others rather run cells."""
    busy = {job.name for job in running.values()} | tried
    airs, cells = ([job for job in each if job.name not in busy] for each in jobs.open())
    recording = sum(job.kind == "air" for job in running.values())
    for _ in range(workers - len(running)):
        if airs and (recording < workers // 2 or not cells):
            recording += 1
            yield airs.pop(0)
        elif cells:
            yield cells.pop(0)


def _outcome(future: "Future[Done | None]", job: Job) -> Done | None:
    try:
        return future.result()
    except UserError as error:
        return Done(job, 0.0, str(error), failed=True)
    except BrokenProcessPool:
        raise UserError(
            f"A worker process ended while {job.name} was going on, perhaps for want of memory: call the same command "
            "again, with a smaller --jobs."
        ) from None


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Ended at once if anything stops the block: the jobs going on leave what can be gone on from."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin() -> None:
    """A worker computes on one thread, and ends when it is asked to, or when whoever started it is gone."""
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)
    os._exit(1)


def _end(*_: object) -> NoReturn:
    raise SystemExit(1)
