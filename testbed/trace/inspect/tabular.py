"""Two tables of one kind, row against row: which are in one alone, and which say something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Unlike:
    """Rows that differ: those of A, and those of B that stand for them; -1 where there is none."""

    a: Rows
    b: Rows

    def __len__(self) -> int:
        return len(self.a)


def unlike(a: Columns, b: Columns, keys: Sequence[str], tolerance: float) -> Unlike:
    """Rows with equal `keys` are one row, the k-th of A that of B; in order of the keys.

    Two numbers are equal if they differ by at most `tolerance` times the larger of 1 and their size; two NaN are.
    """
    size = len(a[keys[0]])
    rank, count = _ranks(a, b, keys)
    at = np.full((2, count), -1, np.intp)
    at[0, rank[:size]], at[1, rank[size:]] = np.arange(size), np.arange(len(rank) - size)
    both: NDArray[np.bool_] = np.all(at >= 0, axis=0)
    wrong = np.logical_not(both)
    for name in a:
        wrong[both] |= ~same(a[name][at[0, both]], b[name][at[1, both]], tolerance)
    return Unlike(at[0, wrong], at[1, wrong])


def same(a: NDArray[Any], b: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    """Element by element; only numbers with a fraction may differ by `tolerance`."""
    if a.dtype.kind != "f":
        return np.asarray(a == b)
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= tolerance * np.maximum(1, np.maximum(np.abs(a), np.abs(b)))
    return np.asarray((a == b) | near | (np.isnan(a) & np.isnan(b)))


def _ranks(a: Columns, b: Columns, keys: Sequence[str]) -> tuple[Rows, int]:
    """The place of each row of A, then of B, among all different ones; equal rows of one table are told apart."""
    columns = [np.concatenate([a[name], b[name]]) for name in keys]
    of_b = np.arange(len(columns[0])) >= len(a[keys[0]])
    order = np.lexsort((of_b, *columns[::-1]))
    new = np.ones(len(order), bool)
    new[1:] = np.logical_or.reduce([column[order][1:] != column[order][:-1] for column in columns])
    group = np.cumsum(new) - 1
    # The k-th of its key within its own table.
    table = new | np.append(True, np.diff(of_b[order].astype(np.int8)) != 0)[: len(order)]
    start = np.maximum.accumulate(np.where(table, np.arange(len(order)), 0))
    nth = np.arange(len(order)) - start
    width = int(nth.max(initial=0)) + 1
    _, place = np.unique(group * width + nth, return_inverse=True)
    rank = np.empty(len(order), np.intp)
    rank[order] = place
    return rank, int(place.max(initial=-1)) + 1
