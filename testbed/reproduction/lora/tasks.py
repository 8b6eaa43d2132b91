"""What is learnt, by whom and over which air: everything but the method."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from testbed.exchange import HEADER_BYTES
from testbed.learning.backbones import BACKBONES, HEAD, skeleton, targets
from testbed.learning.data import shape_of
from testbed.lora.learnt import WithAdapters
from testbed.scenario import parse
from testbed.session.adapters import learnt_of

NUMBER_BYTES = 4
"""Of a float32, the type of all numbers on the air here."""
RATE, PAYLOAD_BYTES = "24Mbps", 2240
"""Message bytes in a frame: the most there can be, since fewer frames are quicker to simulate."""


@dataclass(frozen=True)
class Task:
    """Data, model, local training, and the budgets and skews under which methods are compared."""

    data: str
    model: str
    rounds: int = 100
    devices: int = 20
    density: float = 0.5
    batch: int = 32
    local_steps: int = 5
    lr: float | None = None
    """AdamW's, of all methods; None: tuned for each."""
    tuning_rounds: int = 50
    validation: int = 5000
    """Training samples that tuning holds out."""
    alphas: tuple[float, ...] = (0.1, 0.01)
    """Dirichlet concentrations; the first is the base, which has all budgets, the others have `base_budget` alone."""
    budgets: tuple[int, ...] = (1, 2, 4, 8)
    """Bytes of a message, as the rank that takes them on every adapted layer."""
    base_budget: int = 4
    runs_whole: bool = True
    """Whether the model can be trained whole here; its bytes are known anyhow."""
    eval_every: int = 2
    eval_samples: int = 2000
    message_s: float = 0.1
    """`by_link`: seconds that a message may take for each rank of the budget."""
    deadline_s: float = 60.0
    note: str = ""
    """What a reader has to know of the model."""

    @property
    def name(self) -> str:
        return f"{self.data}-{self.model}"

    @property
    def needs(self) -> list[str]:
        """What has to be on this machine, as `testbed data list` names it."""
        return [self.data, self.model] if self.model in BACKBONES else [self.data]

    def tree(self) -> dict[str, dict[str, Any]]:
        """The sections of a scenario that do not depend on the method."""
        return {
            "run": {"rounds": self.rounds, "deadline_s": self.deadline_s},
            "devices": {"count": self.devices},
            "network": {
                "kind": "ns3",
                "density": self.density,
                "mobility": "static",  # so that links have a quality, which `by_link` goes by
                "rate": RATE,
                "payload_bytes": PAYLOAD_BYTES,
                "cache": "off",
            },
            "data": {"name": self.data},
            "model": {"name": self.model},
            "algorithm": {
                "name": "atc",
                "optimizer": "adamw",
                "batch_size": self.batch,
                "local_steps": self.local_steps,
            },
            "output": {"eval_every": self.eval_every, "eval_samples": self.eval_samples, "checkpoint_s": 60.0},
        }

    def settings(self, alpha: float) -> tuple[int, ...]:
        """The budgets under a skew."""
        return self.budgets if alpha == self.alphas[0] else (self.base_budget,)


RANDOM = "Its base is random and frozen: adapters and head learn on random features, full fine-tuning all from scratch."
MLP = Task("mnist", "mlp", note=f"One hidden layer of 128. {RANDOM}")
CNN = Task(
    "mnist", "cnn", alphas=(0.1,), budgets=(1, 2, 4), note=f"LeNet-5; no rank above the 6 filters of layer 1. {RANDOM}"
)
TEXT = Task(
    "reuters-r8", "minilm", rounds=50, validation=500, budgets=(1, 2, 4), runs_whole=False, eval_samples=500,
    note="Pretrained. Trained whole it cannot be here: its bytes are computed, its accuracy is left out, and the "
    "common target with it.",
)  # fmt: skip
QUICK = Task(
    "mnist5k", "mlp", rounds=10, devices=6, lr=0.03, alphas=(0.1,), budgets=(1, 4), eval_every=1, eval_samples=500,
    note=f"In small: nothing of it says anything of the methods. {RANDOM}",
)  # fmt: skip
TASKS = {task.name: task for task in (MLP, CNN, TEXT)}


class Shape(NamedTuple):
    """What the bytes of a task's messages follow from."""

    sides: tuple[tuple[int, int], ...]
    """Inputs and outputs of each adapted layer; of a convolution, those of its kernel as a matrix."""
    head: int
    """Numbers that are trained whole beside adapters: every message of every method has them."""
    whole: int
    """Numbers of the model, head and all."""


@lru_cache
def shape(task: Task) -> Shape:
    """Of its model; needs no files, of a pretrained one either."""
    scenario = parse({**task.tree(), "lora": {"rank": 1}})
    if task.model in BACKBONES:
        classes = shape_of(task.data, scenario.data.length)[1]
        module = skeleton(task.model, classes)
        weights = [module.get_parameter(f"{name}.weight") for name in targets(task.model, module)]
        sides = tuple((weight[0].numel(), len(weight)) for weight in weights)
        head = sum(each.numel() for each in module.get_submodule(HEAD).parameters())
        return Shape(sides, head, sum(each.numel() for each in module.parameters()))
    adapted, whole = learnt_of(scenario), learnt_of(parse(task.tree()))
    assert isinstance(adapted, WithAdapters)
    layout = adapted.model.layout
    sides = tuple((site.target.inputs, site.target.outputs) for site in layout.sites)
    return Shape(sides, layout.head.stop - layout.head.start, whole.spec.size)


def cap(task: Task) -> int:
    """The largest rank that every adapted layer takes."""
    return min(min(side) for side in shape(task).sides)


def budget_bytes(task: Task, budget: int) -> int:
    """Bytes of adapters in a message of that rank on every layer."""
    return NUMBER_BYTES * budget * sum(inputs + outputs for inputs, outputs in shape(task).sides)


def whole_bytes(task: Task) -> int:
    """Of a message with all of the model."""
    return HEADER_BYTES + NUMBER_BYTES * shape(task).whole
