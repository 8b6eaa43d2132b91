"""What the nodes of a file are called, and their order."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError

NODES = 100_000
"""No trace has more nodes."""
LENGTH = 200
"""Characters of a name, at most."""


@dataclass(frozen=True)
class Coded:
    """A column of names: the different ones, and which of them each row has."""

    texts: list[str]
    rows: NDArray[np.int32]

    def where(self, mask: NDArray[np.bool_]) -> "Coded":
        """Some of the rows, with the names that occur in them."""
        used, rows = np.unique(self.rows[mask], return_inverse=True)
        return Coded([self.texts[code] for code in used.tolist()], rows.astype(np.int32))


class Names:
    """The names met in a file, numbered as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._codes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def codes(self, column: Coded) -> NDArray[np.int32]:
        """The number of every row's name. Raises UserError once there are more than NODES."""
        found = [self._codes.setdefault(text, len(self._codes)) for text in column.texts]
        if len(self._codes) > NODES:
            raise UserError(
                f"{self._path} has more than {NODES:,} nodes: cut it with --from and --to, or check the format."
            )
        return np.array(found, np.int32)[column.rows]

    def sorted(self) -> tuple[tuple[str, ...], NDArray[np.int32]]:
        """The names in natural order, and the place in it of every number given by `codes`."""
        order = sorted(self._codes, key=natural)
        place = np.empty(len(order), np.int32)
        place[[self._codes[text] for text in order]] = np.arange(len(order))
        return tuple(order), place


def natural(name: str) -> tuple[list[str | int], str]:
    """The key that sorts numbers by value and before words, also the numbers within words."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if odd % 2 else part for odd, part in enumerate(parts)], name


def fault(name: str) -> str | None:
    """What is wrong about a name, if anything."""
    if not name:
        return "a node has no name"
    if len(name) > LENGTH:
        return f"the name of a node is longer than {LENGTH} characters"
    return None if name.isprintable() else f"the name {name!r} of a node has control characters"
