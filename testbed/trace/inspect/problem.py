"""Something that is wrong with a trace."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def _nowhere() -> Rows:
    return np.zeros(0, np.intp)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and all rows of a table of which it is."""

    table: str
    """Empty where it is wrong of the whole."""
    said: str
    rows: Rows = field(default_factory=_nowhere)
    """As they are numbered in the table, from 0."""
    rounds: NDArray[np.integer[Any]] = field(default_factory=_nowhere)
    """Of these rows; -1 for none."""

    def __len__(self) -> int:
        return max(len(self.rows), 1)

    def lines(self, most: int) -> list[str]:
        """A sentence for each of the first rows."""
        if not self.table:
            return [self.said]
        shown = zip(self.rows[:most].tolist(), self.rounds[:most].tolist(), strict=True)
        return [f"{self.table}, row {row}{f', round {round_}' * (round_ >= 0)}: {self.said}." for row, round_ in shown]


def where(table: str, said: str, wrong: NDArray[np.bool_], rounds: NDArray[np.integer[Any]]) -> list[Problem]:
    """The problem of the rows that are `wrong`, if there are any; `rounds` are those of all rows."""
    rows = np.flatnonzero(wrong)
    return [Problem(table, said, rows, rounds[rows])] if len(rows) else []
