"""What is learnt, by whom and over which air: everything but the method."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from testbed.exchange import HEADER_BYTES
from testbed.learning.backbones import BACKBONES
from testbed.lora.learnt import WithAdapters
from testbed.reproduction import task
from testbed.reproduction.task import PAYLOAD_BYTES, Tree
from testbed.scenario import parse
from testbed.session.adapters import learnt_of

NUMBER_BYTES = 4
"""Of a float32, the type of all numbers on the air here."""
RATE = "24Mbps"


PAPERS = ("fedit", "ffa", "flexlora", "given-rbla", "given-flexlora", "autorank", "a2", "sa")
CORE = (*PAPERS, "local-lora", "ffa-hyperprism", "hetlora")
"""The methods that `--core` runs: those of the papers that the budgets are about, and what they are held against."""


class Shape(NamedTuple):
    """What the bytes of a task's messages follow from."""

    sides: tuple[tuple[int, int], ...]
    """Inputs and outputs of each adapted layer; of a convolution, those of its kernel as a matrix."""
    head: int
    """Numbers that are trained whole beside adapters: every message of every method has them."""
    whole: int
    """Numbers of the model, head and all."""


@dataclass(frozen=True)
class Task(task.Task):
    """Data, model, local training, and the budgets and skews under which methods are compared."""

    eval_every: int = 2
    eval_samples: int = 2000
    tuning_rounds: int = 50
    devices: int = 20
    density: float = 0.5
    batch: int = 32
    local_steps: int = 5
    lr: float | None = None
    """AdamW's, of all methods; None: tuned for each."""
    alphas: tuple[float, ...] = (0.1, 0.01)
    """Dirichlet concentrations; the first is the base, which has all budgets, the others have `base_budget` alone."""
    budgets: tuple[int, ...] = (1, 2, 4, 8)
    """Bytes of a message, as the rank that takes them on every adapted layer."""
    base_budget: int = 4
    core: tuple[str, ...] = CORE
    """Methods that `--core` runs, under the base skew and `core_budgets` alone."""
    core_budgets: tuple[int, ...] = (1, 4)
    runs_whole: bool = True
    """Whether the model can be trained whole here; its bytes are known anyhow."""
    pace_s: float = 22e-6
    """`by_link`: seconds a byte of a message from its first frame on; over this air the mean is 18 to 22 microseconds,
    be messages of 7 or of 400 kB."""
    length: int | None = None
    """Tokens of a text."""
    known: Shape | None = None
    """Of a pretrained model, whose files and packages need not be here for the arithmetic."""
    note: str = ""
    """What a reader has to know of the model."""

    @property
    def name(self) -> str:
        return f"{self.data}-{self.model}"

    @property
    def needs(self) -> list[str]:
        """What has to be on this machine, as `testbed data list` names it."""
        return [self.data, self.model] if self.model in BACKBONES else [self.data]

    def tree(self, name: str = "run", seed: int = 1) -> Tree:
        """The sections of a scenario that do not depend on the method."""
        tree = self.sections(name, seed)
        tree["data"] |= {"length": self.length} if self.length else {}
        return tree | {
            "devices": {"count": self.devices},
            "network": {
                "kind": "ns3",
                "density": self.density,
                "mobility": "static",  # so that links have a quality, which `by_link` goes by
                "rate": RATE,
                "payload_bytes": PAYLOAD_BYTES,
                "cache": "off",
            },
            "algorithm": {
                "name": "atc",
                "optimizer": "adamw",
                "batch_size": self.batch,
                "local_steps": self.local_steps,
            },
        }

    def settings(self, alpha: float) -> tuple[int, ...]:
        """The budgets under a skew."""
        return self.budgets if alpha == self.alphas[0] else (self.base_budget,)


RANDOM = "Its base is random and frozen: adapters and head learn on random features, full fine-tuning all from scratch."
MLP = Task("mnist", "mlp", note=f"One hidden layer of 128. {RANDOM}")
CNN = Task(
    "mnist", "cnn", alphas=(0.1,), budgets=(1, 4), core=PAPERS, eval_every=5, eval_samples=500,
    note=f"LeNet-5; no rank above the 6 filters of its first layer. {RANDOM}",
)  # fmt: skip
FASHION = Task("fashion-mnist", "mlp", alphas=(0.1,), budgets=(1, 4), note=f"One hidden layer of 128. {RANDOM}")
TEXT = Task(
    "reuters-r8", "minilm", rounds=30, batch=16, local_steps=2, length=32, lr=0.002, alphas=(0.1,), budgets=(1, 4),
    core=("fedit", "ffa", "flexlora", "a2", "sa"),
    runs_whole=False, eval_every=10, eval_samples=500, deadline_s=300.0,
    known=Shape(((384, 384),) * 12, 3_080, 22_568_456),
    note="Pretrained; adapters on queries and values. Trained whole it cannot be here: the bytes of that are computed, "
    "its accuracy is left out, and the common target with it. Its learning rate was not tuned.",
)  # fmt: skip
QUICK = Task(
    "mnist5k", "mlp", rounds=10, devices=8, lr=0.03, alphas=(0.1,), budgets=(1, 4), eval_every=1, eval_samples=500,
    pace_s=6e-6, note=f"In small: nothing of it says anything of the methods. {RANDOM}",
)  # fmt: skip
TASKS = {task.name: task for task in (MLP, CNN, FASHION, TEXT)}


@lru_cache
def shape(task: Task) -> Shape:
    """Of its model."""
    if task.known is not None:
        return task.known
    adapted, whole = learnt_of(parse({**task.tree(), "lora": {"rank": 1}})), learnt_of(parse(task.tree()))
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
