"""The folder of a sweep, as readers see it.

    SWEEP/sweep.toml  plan.json  log.jsonl  airs/  cells/NAME/  failed/

`plan.json` says what the cells are, what they differ in, and the command that made them; it and the copy of the sweep's
file are rewritten by every call of `testbed sweep`.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.errors import UserError

SWEEP, PLAN, CELLS, FORMAT = "sweep.toml", "plan.json", "cells", 1
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class Planned:
    """A cell: a run in SWEEP/cells, if it was begun."""

    name: str
    label: str
    """Of its setting, the same under every seed."""
    seed: int
    keys: dict[str, Any]
    """What its setting says, by section.key."""
    entry: str = ""
    """What its entry of `[[list]]` is called, if that has a label."""


class Damaged(UserError):
    """A plan that cannot be read."""


class Sweep:
    """A sweep to read, whatever of it is finished."""

    def __init__(self, folder: str | Path) -> None:
        """Raises UserError if `folder` is no sweep, or one of another version."""
        self.folder = Path(folder)
        tree = _tree(self.folder / PLAN)
        if tree.get("format") != FORMAT:
            raise UserError(
                f"{folder} is a sweep of another version of testbed (format {tree.get('format')!r}, this one reads "
                f"{FORMAT}): read it with that version, or choose another folder."
            )
        try:
            self.name, self.command = str(tree["name"]), str(tree.get("command", ""))
            self.axes: dict[str, list[Any]] = {str(key): list(values) for key, values in tree["axes"].items()}
            self.cells = tuple(Planned(**cell) for cell in tree["cells"])
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Damaged(f"{self.folder / PLAN} is damaged: call testbed sweep again, it writes it anew.") from None
        if not all(isinstance(cell.name, str) and NAME.fullmatch(cell.name) for cell in self.cells):
            raise UserError(f"{self.folder / PLAN} is damaged: its cells have names that no folder has.")

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Whether `folder` is that of a sweep."""
        return (folder / PLAN).is_file()

    def place(self, cell: Planned) -> Path:
        """The run directory of a cell."""
        return self.folder / CELLS / cell.name


def _tree(file: Path) -> dict[str, Any]:
    try:
        tree = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{file.parent} is not a sweep: it has no {PLAN}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{file} is damaged: {error}.") from None
    return tree if isinstance(tree, dict) else {}
