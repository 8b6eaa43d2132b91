"""Cells, their scenarios, and the airs that they need."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from testbed.reproduction.air import Air, sent
from testbed.reproduction.hyperprism.grid import METHODS, AirKind, Setting, Task
from testbed.reproduction.task import PAYLOAD_BYTES, Tree
from testbed.scenario import Scenario, parse
from testbed.session import replay_keys
from testbed.session.learner import Workload, workload

BATCH = 128


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
    fingerprint: ClassVar[None] = None

    @property
    def name(self) -> str:
        words = [self.task.data, self.setting.name, self.method, self.air, f"lr{self.lr:g}", f"s{self.seed}"]
        return "-".join([*words, "tuning"] if self.tuning else words)

    def recording(self) -> "Air[Cell] | None":
        """Its air over ns-3; random graphs need none."""
        return air_of(self) if self.air == "ns3" else None

    def scenario(self, recording: Path | None) -> Scenario:
        """Over random graphs, or over the recording."""
        if recording is None:
            return parse(_tree(self, _graph(self.setting)))
        return parse(_tree(self, _ns3(self.setting) | replay_keys(recording)))

    def live(self) -> Scenario:
        """Over ns-3 itself."""
        return parse(_tree(self, _ns3(self.setting)))


def air_of(cell: Cell) -> Air[Cell]:
    """The air of a cell over ns-3."""
    setting, work = cell.setting, _workload(cell.task, cell.method)
    name = f"ns3-m{setting.devices}-d{setting.density:g}-s{cell.seed}-{sent(work)}"
    return Air(name, cell, int(work.message_bytes.max()) * work.exchanges)


def _graph(setting: Setting) -> dict[str, Any]:
    return {"kind": "graph", "density": setting.density}


def _ns3(setting: Setting) -> dict[str, Any]:
    return {
        "kind": "ns3",
        "density": setting.density,
        "mobility": "redraw",  # a new graph every round
        "payload_bytes": PAYLOAD_BYTES,
        "cache": "off",
    }


def _tree(cell: Cell, network: dict[str, Any]) -> Tree:
    tree = cell.task.sections(cell.name, cell.seed)
    tree["data"] |= {"alpha": cell.setting.alpha}
    tree |= {
        "devices": {"count": cell.setting.devices},
        "network": network,
        "algorithm": {**METHODS[cell.method], "lr": cell.lr, "batch_size": BATCH},
    }
    return cell.task.tuning(tree) if cell.tuning else tree


@lru_cache
def _workload(task: Task, method: str) -> Workload:
    """What a method puts on the air: the same in every setting."""
    return workload(parse(_tree(Cell(task, Setting(), method, "graph", 0.01, 1), {"kind": "graph"})))
