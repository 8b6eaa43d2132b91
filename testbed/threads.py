"""Work side by side: a thread for each core, and each piece's arithmetic on one thread alone.

Against letting every operation use all cores, this has no waiting for each other inside a piece (which
grows to many times the work when ns-3 or anything else keeps a core busy), and a piece's numbers do not
depend on how many threads there are.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Barrier
from typing import Any, TypeVar

import torch

Result = TypeVar("Result")

_spared: ContextVar[int] = ContextVar("spared", default=0)


def each(function: Callable[..., Result], *items: Iterable[Any]) -> list[Result]:
    """As `map`, on as many threads as torch may use; results are in order. The first error is raised."""
    return list(_threads(max(1, torch.get_num_threads() - _spared.get())).map(function, *items))


@contextmanager
def sparing(cores: int) -> Iterator[None]:
    """Within it, `each` uses so many threads fewer, but one at the least: something else needs the cores."""
    token = _spared.set(cores)
    try:
        yield
    finally:
        _spared.reset(token)


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Threads whose operations use one thread each. That setting is a thread's own, but new ones copy the last set."""
    all_here, before = Barrier(count + 1), torch.get_num_threads()
    pool = ThreadPoolExecutor(count, "testbed", initializer=_alone)
    for _ in range(count):
        pool.submit(all_here.wait)
    all_here.wait()
    torch.set_num_threads(before)
    return pool


def _alone() -> None:
    """Asking makes torch note that this thread is set up; else its first operation would undo the setting."""
    torch.get_num_threads()
    torch.set_num_threads(1)


os.register_at_fork(after_in_child=_threads.cache_clear)
