"""What the tasks of all reproductions have in common, and the sections of a scenario that follow from it."""

from dataclasses import dataclass
from typing import Any, Literal

Tree = dict[str, dict[str, Any]]
"""Sections and keys of a scenario."""

PAYLOAD_BYTES = 2240
"""Message bytes in a frame: the most there can be, since fewer frames are quicker to simulate."""
TUNING_EVERY = 5
"""Rounds between evaluations while a learning rate is chosen: they are what takes most of the time."""


@dataclass(frozen=True)
class Task:
    """A data set, the model that learns it, and how it is measured."""

    data: str
    model: str
    rounds: int = 100
    eval_every: int = 1
    eval_samples: int = 0
    """Of the test samples; 0: all."""
    tuning_rounds: int = 100
    validation: int = 5000
    """Training samples that tuning holds out."""
    deadline_s: float = 60.0
    pixels: Literal["unit", "standard"] = "unit"
    init: Literal["he"] | None = None
    """Of the model; None: PyTorch's."""
    accelerator: str | None = None
    """What computes gradients, see `[model]` of a scenario."""

    def sections(self, name: str, seed: int) -> Tree:
        """Of a run of that name."""
        return {
            "run": {"name": name, "seed": seed, "rounds": self.rounds, "deadline_s": self.deadline_s},
            "data": {"name": self.data, "pixels": self.pixels},
            "model": {"name": self.model, "init": self.init, "accelerator": self.accelerator},
            "output": {"eval_every": self.eval_every, "eval_samples": self.eval_samples, "checkpoint_s": 60.0},
        }

    def tuning(self, tree: Tree) -> Tree:
        """The same to choose a learning rate: of other length, and measured less often, on held out samples."""
        changes: Tree = {
            "run": {"rounds": self.tuning_rounds},
            "data": {"validation": self.validation},
            "output": {"evaluate": "validation", "eval_every": TUNING_EVERY},
        }
        return {name: {**section, **changes.get(name, {})} for name, section in tree.items()}
