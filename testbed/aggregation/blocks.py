"""Work on blocks of columns, one thread a block.

Each operation on a block is small. Split over threads it would wait for the slowest of them every
time, which costs more than the work wherever the cores have other things to do; whole blocks in
threads of their own meet once, at the end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

BLOCK = 2**16
"""Values in a block: half a megabyte of float64, so that the few arrays of a block stay in a core's cache."""


def for_each_block(work: Callable[[slice], None], shape: tuple[int, ...]) -> None:
    """Call `work` with slices that together cover the columns of an array (rows, columns)."""
    rows, columns = shape
    width = max(64, BLOCK // max(rows, 1))
    pieces = [slice(first, min(first + width, columns)) for first in range(0, columns, width)]
    threads = torch.get_num_threads()
    if len(pieces) == 1 or threads == 1:
        for piece in pieces:
            work(piece)
    else:
        list(_pool(threads).map(work, pieces))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "mixing", initializer=_one_thread_each, initargs=(threads,))


def _one_thread_each(threads: int) -> None:
    """PyTorch keeps the number per thread, and a default for threads to come, which is put back."""
    torch.set_num_threads(1)
