"""Cells, their scenarios, and the airs that they need.

An air depends on what the devices send and when, not on what they learn: methods whose messages are of one size and go
to the same devices share it, whatever the data's concentration and the learning rate.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from testbed.exchange import ALL_NEIGHBOURS
from testbed.reproduction.hyperprism.grid import METHODS, AirKind, Setting, Task
from testbed.scenario import Scenario, parse
from testbed.session import replay_keys
from testbed.session.learner import Workload, workload

PAYLOAD_BYTES = 2240
"""Message bytes in a frame: the largest that there are, since fewer frames are quicker to simulate."""
BATCH = 128
TUNING_EVERY = 5
"""Rounds between evaluations while a learning rate is chosen: they are what takes most of the time."""


@dataclass(frozen=True)
class Cell:
    """One run: a method in a setting, over an air, with a learning rate, under a seed."""

    task: Task
    setting: Setting
    method: str
    air: AirKind
    lr: float
    seed: int
    tuning: bool = False
    """Whether it is measured on held out training images, to choose a learning rate."""
    kind: ClassVar[Literal["cell"]] = "cell"

    @property
    def name(self) -> str:
        words = [self.task.data, self.setting.name, self.method, self.air, f"lr{self.lr:g}", f"s{self.seed}"]
        return "-".join([*words, "tuning"] if self.tuning else words)

    def recording(self) -> "Air | None":
        """Its air over ns-3; random graphs need none."""
        return air_of(self) if self.air == "ns3" else None

    def scenario(self, recording: Path | None) -> Scenario:
        """Over random graphs, or over the recording."""
        if recording is None:
            return parse(_tree(self, {"kind": "graph", "density": self.setting.density}))
        return parse(_tree(self, _ns3(self.setting) | replay_keys(recording)))


@dataclass(frozen=True)
class Air:
    """A live air to be recorded once. `cell` is one of those that play it."""

    name: str
    cell: Cell
    weight: int
    """Message bytes of a device in a round: about how long it takes to simulate."""
    kind: ClassVar[Literal["air"]] = "air"

    def scenario(self) -> Scenario:
        """No cache: these recordings are kept where they are."""
        return parse(_tree(self.cell, _ns3(self.cell.setting)))


def air_of(cell: Cell) -> Air:
    """The air of a cell over ns-3."""
    setting, work = cell.setting, _workload(cell.task, cell.method)
    size, whom = int(work.message_bytes.max()), "" if work.audience == ALL_NEIGHBOURS else "-partner"
    name = f"ns3-m{setting.devices}-d{setting.density:g}-s{cell.seed}-{size}B-x{work.exchanges}{whom}"
    return Air(name, cell, size * work.exchanges)


def _ns3(setting: Setting) -> dict[str, Any]:
    return {
        "kind": "ns3",
        "density": setting.density,
        "mobility": "redraw",  # a new graph every round
        "payload_bytes": PAYLOAD_BYTES,
        "cache": "off",
    }


def _tree(cell: Cell, network: dict[str, Any]) -> dict[str, dict[str, Any]]:
    task, setting = cell.task, cell.setting
    return {
        "run": {
            "name": cell.name,
            "seed": cell.seed,
            "rounds": task.tuning_rounds if cell.tuning else task.rounds,
            "deadline_s": task.deadline_s,
        },
        "devices": {"count": setting.devices},
        "network": network,
        "data": {"name": task.data, "alpha": setting.alpha, **({"validation": task.validation} if cell.tuning else {})},
        "model": {"name": task.model},
        "algorithm": {**METHODS[cell.method], "lr": cell.lr, "batch_size": BATCH},
        "output": {
            "eval_every": TUNING_EVERY if cell.tuning else task.eval_every,
            "eval_samples": task.eval_samples,
            "checkpoint_s": 60.0,
            **({"evaluate": "validation"} if cell.tuning else {}),
        },
    }


@lru_cache
def _workload(task: Task, method: str) -> Workload:
    """What a method puts on the air: the same in every setting."""
    return workload(parse(_tree(Cell(task, Setting(), method, "graph", 0.01, 1), {"kind": "graph"})))
