"""Cells, their scenarios, and the airs that they need.

Where what is sent is known ahead, the air is recorded once for all methods that send the same at the same times. Where
it depends on what is learnt, each cell has a live air of its own. So has one that sends nothing.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from testbed.reproduction.air import Air, sent
from testbed.reproduction.lora.methods import LOCAL, METHODS
from testbed.reproduction.lora.tasks import Task
from testbed.reproduction.task import Tree
from testbed.scenario import Scenario, parse
from testbed.session import replay_keys
from testbed.session.learner import Workload, workload


@dataclass(frozen=True)
class Cell:
    """One run: a method with a budget, under a skew and a seed."""

    task: Task
    alpha: float
    method: str
    budget: int
    """A rank; 0 where all parameters are trained."""
    lr: float
    seed: int
    tuning: bool = False
    """Whether it is measured on held out training samples, over random graphs, to choose a learning rate."""
    kind: ClassVar[Literal["cell"]] = "cell"
    fingerprint: ClassVar[None] = None

    @property
    def name(self) -> str:
        words = [self.task.name, f"a{self.alpha:g}", f"m{self.task.devices}", self.method]
        words += [f"r{self.budget}"] * bool(self.budget) + [f"lr{self.lr:g}", f"s{self.seed}"]
        return "-".join([*words, "tuning"] if self.tuning else words)

    def recording(self) -> "Air[Cell] | None":
        """The air that it plays, if it is known ahead."""
        if self.tuning:
            return None
        work = _workload(self.task, self.method, self.budget)
        return None if work.dynamic or not work.message_bytes.any() else Air(_name(self, work), self, _weight(work))

    def scenario(self, recording: Path | None) -> Scenario:
        """Live, or over the recording; random graphs for tuning."""
        tree = _tree(self)
        if self.tuning:
            return parse({**self.task.tuning(tree), "network": {"kind": "graph", "density": self.task.density}})
        return parse({**tree, "network": tree["network"] | (replay_keys(recording) if recording else {})})

    def live(self) -> Scenario:
        """Over an air of its own."""
        return parse(_tree(self))


def _name(cell: Cell, work: Workload) -> str:
    """With the first digits of a hash of all that differs between methods: sizes, and how long devices train."""
    task, sizes = cell.task, work.message_bytes
    about = [sizes.tolist(), work.pace.median_ns.tolist(), work.watts.tolist(), work.exchanges, work.audience]
    digits = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:8]
    where = f"m{task.devices}-d{task.density:g}-s{cell.seed}-{task.rounds}r"
    return f"ns3-{task.name}-{where}-{sent(work)}-{digits}"


def _weight(work: Workload) -> int:
    return int(work.message_bytes.sum(1).max()) * work.exchanges


def _tree(cell: Cell) -> Tree:
    task, tree = cell.task, cell.task.tree(cell.name, cell.seed)
    tree["data"] |= {"alpha": cell.alpha}
    tree["algorithm"] |= {"lr": cell.lr}
    if not cell.budget:
        tree["algorithm"] |= LOCAL if cell.method == "whole-local" else {}
        return tree
    method = METHODS[cell.method]
    keys = method.keys(task, cell.budget)
    assert keys is not None, f"{cell.name} makes no sense"
    tree["algorithm"] |= method.algorithm
    return {**tree, "lora": {"policy": method.policy, "merge": method.merge, **method.extra, **keys}}


@cache
def _workload(task: Task, method: str, budget: int) -> Workload:
    """What a method puts on the air: the same under every skew and seed."""
    return workload(parse(_tree(Cell(task, task.alphas[0], method, budget, 0.01, 1))))
