"""Work on blocks of columns, each block by one thread, in arrays that are used again.

Each operation on a block is small. Split over threads it would wait for the slowest of them every
time, which costs more than the work where the cores have other things to do; whole blocks in threads
of their own meet once, at the end. Arrays made anew for every block would come from cold memory.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from testbed.threads import each

BLOCK = 75_000
"""Values in a block, 600 kB of float64: few enough for the cache, enough that calling PyTorch costs little."""


SMALL = 10_000
"""Values that are not worth waking other threads for."""


class Scratch:
    """The named float64 arrays of one thread; what was in one is gone when its name is asked for again."""

    def __init__(self) -> None:
        self._arrays: dict[str, Tensor] = {}

    def __call__(self, name: str, shape: torch.Size) -> Tensor:
        size = shape.numel()
        if name not in self._arrays or len(self._arrays[name]) < size:
            self._arrays[name] = torch.empty(size, dtype=torch.float64)
        return self._arrays[name][:size].view(shape)


Work = Callable[[slice, Scratch], None]


def for_each_block(work: Work, rows: int, columns: int) -> None:
    """Call `work` with slices that together are all columns, and a Scratch, in as many threads as PyTorch uses."""
    threads = torch.get_num_threads() if rows * columns > SMALL else 1
    width = max(1, min(BLOCK // max(rows, 1), -(-columns // threads)))
    blocks = [slice(first, min(first + width, columns)) for first in range(0, columns, width)]
    if threads == 1:
        _drain(work, iter(blocks))
    else:
        queue = iter(blocks)
        each(lambda _: _drain(work, queue), range(threads))


def _drain(work: Work, blocks: Iterator[slice]) -> None:
    scratch = Scratch()
    for columns in blocks:
        work(columns, scratch)
