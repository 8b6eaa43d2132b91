"""Worker processes on this machine.

Each computes on one thread, so that no number depends on how many processes there are, as a convolution's last digits
depend on its threads. A cell with a live air of its own has ns-3 beside it, which simulates while it trains.
"""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import torch

from testbed.campaign.doing import Done, attempt
from testbed.campaign.engine import Ended
from testbed.campaign.job import Job


class LocalEngine:
    """An engine of `workers` processes. One that dies is replaced."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._going: dict[Future[Done | None], Job] = {}

    def start(self, job: Job, root: Path, data_dir: Path | None) -> None:
        self._pool = self._pool or self._started()
        self._going[self._pool.submit(attempt, job, root, data_dir)] = job

    def wait(self, seconds: float) -> list[Ended]:
        finished, _ = wait(self._going, seconds, FIRST_COMPLETED)
        if any(isinstance(future.exception(), BrokenProcessPool) for future in finished):
            return self._broken()
        return [_ended(future, self._going.pop(future)) for future in finished]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is None:
            return
        if error is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
        else:
            self._pool.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, context, initializer=_begin)

    def _broken(self) -> list[Ended]:
        """When one process dies, the pool ends the others, too; all they were at is begun again, in a new one."""
        assert self._pool is not None
        self._pool.shutdown()
        self._pool = None
        ended = [_ended(future, job) for future, job in self._going.items()]
        self._going.clear()
        return ended


def _ended(future: Future[Done | None], job: Job) -> Ended:
    """A process that was asked to end, by somebody else than us, has left its job as one that was killed."""
    died = isinstance(future.exception(), BrokenProcessPool | SystemExit)
    return Ended(job, died=True) if died else Ended(job, future.result())


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
    """Once: what is being written then is written to its end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(1)
