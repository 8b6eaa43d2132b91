"""Cells of a sweep, and the live airs that several of them share."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from testbed.errors import UserError
from testbed.network.engine import missing_engine
from testbed.scenario import Scenario
from testbed.session import cached
from testbed.session.learner import workload


@dataclass(frozen=True)
class Air:
    """What the devices send when, over ns-3: it does not depend on what they learn."""

    name: str
    recorded: Scenario
    """That of the longest cell among those that share it."""
    kind: ClassVar[Literal["air"]] = "air"

    def scenario(self) -> Scenario:
        return self.recorded


@dataclass(frozen=True)
class Cell:
    """A setting under a seed."""

    name: str
    label: str
    seed: int
    keys: dict[str, Any]
    run: Scenario
    fingerprint: str
    """As the scenario's files were when the plan was made."""
    entry: str = ""
    """See `testbed.sweep.settings.Setting`."""
    air: Air | None = None
    kind: ClassVar[Literal["cell"]] = "cell"

    def recording(self) -> Air | None:
        """Its air, if others share it; else it simulates its own while it trains."""
        return self.air

    def scenario(self, recording: Path | None) -> Scenario:
        return self.run


def with_airs(cells: Iterable[Cell]) -> list[Cell]:
    """The cells, those with the same air sharing one. Raises UserError for what cannot be run."""
    keyed, groups = [(cell, _air_key(cell)) for cell in cells], defaultdict[str, list[Cell]](list)
    for cell, key in keyed:
        groups[key].append(cell)
    airs = {key: _air(key, group) for key, group in groups.items() if key and len(group) > 1}
    return [replace(cell, air=airs.get(key)) for cell, key in keyed]


def _air(key: str, cells: list[Cell]) -> Air:
    longest = max((cell.run for cell in cells), key=lambda run: run.run.rounds)
    return Air(f"m{longest.devices.count}-s{longest.run.seed}-{longest.run.rounds}r-{key[:12]}", longest)


def _air_key(cell: Cell) -> str:
    """Equal for cells with the same air; empty where there is none to share."""
    try:
        work = workload(cell.run)
    except UserError as error:
        raise UserError(f"{cell.label}, seed {cell.seed}: {error}") from None
    if not cached.serves(cell.run) or work.dynamic:
        return ""
    if missing := missing_engine():
        raise UserError(missing)
    return cached.key(cell.run, work)
