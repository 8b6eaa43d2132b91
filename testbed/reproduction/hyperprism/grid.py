"""What the tables of the HyperPrism paper ask for (Du et al., NeurIPS 2024, section 6): settings, data sets, methods.

Table 2 varies the Dirichlet concentration of the data, table 3 the density of the graph, table 4 the number of devices;
the base setting stands in all three. Data sets, lr .01, batch 128 and 100 rounds are the paper's, and logistic
regression; it says of its CNN that it has convolutions and fully connected layers, and LeNet-5's sizes are our reading.
How often is evaluated, and on how many images, is ours.
"""

from dataclasses import dataclass
from typing import Any, Literal

from testbed.reproduction import task

AirKind = Literal["ns3", "graph"]
Column = Literal["paper", "tuned"]

PAPER_LR = 0.01
TUNING_SEED = 0
"""Learning rates are tuned under it; reported are the seeds from 1 on."""
TABLES = {2: "alpha", 3: "density", 4: "devices"}
"""What each of the paper's tables varies."""


@dataclass(frozen=True)
class Setting:
    """A column of a table; the defaults are the base setting."""

    alpha: float = 0.1
    density: float = 0.5
    devices: int = 50

    @property
    def name(self) -> str:
        return f"a{self.alpha:g}-d{self.density:g}-m{self.devices}"


BASE = Setting()


@dataclass(frozen=True)
class Task(task.Task):
    """A data set and its model."""

    tuned_at_base: bool = False
    """Whether learning rates are tuned in the base setting alone, and hold for the others."""
    first: range = range(-5, 0)
    """The half decades of learning rates that are tried at first, see `testbed.reproduction.search`."""
    lower: int = 0
    """HyperPrism's begin so many lower: a step of `mirror` is about lr g / (p |w|^(p-1)), so small weights take long
    ones."""

    def first_of(self, method: str) -> range:
        lower = self.lower if method == "hyperprism" else 0
        return range(self.first.start - lower, self.first.stop - lower)


MNIST = Task("mnist", "logistic")
CIFAR = Task(
    *("cifar10", "cnn"),
    eval_every=5,
    eval_samples=2000,
    validation=1000,
    tuned_at_base=True,
    first=range(-4, -1),
    lower=4,
    deadline_s=600.0,
    pixels="standard",
    init="he",
)
"""With pixels from 0 to 1 and PyTorch's start the CNN is still at chance after 100 steps, whatever the method."""
QUICK = Task("mnist5k", "logistic", rounds=10, validation=500, tuning_rounds=10, tuned_at_base=True)
TITLES = {"mnist": "MNIST, logistic regression", "cifar10": "CIFAR-10, CNN", "mnist5k": "5,000 digits of MNIST"}

PAPER_METHODS: dict[str, dict[str, Any]] = {
    "swarm": {"name": "swarm"},
    "dpsgd": {"name": "dpsgd"},
    "mudag": {"name": "mudag"},
    "adom": {"name": "adom"},
    "adom_plus": {"name": "adom_plus"},
    "hyperprism": {"name": "hyperprism"},
}
"""Keys of `[algorithm]`, in the order of the paper's tables; ADOM+ is ours to add. What is not said is the default."""
POWERS = (1.0, 3.0, 9.0, 15.0)
FIXED_POWERS: dict[str, dict[str, Any]] = {
    f"wpm-{variant}-p{p:g}": {"name": "wpm", "variant": variant, "p": p}
    for variant in ("primal", "mirror")
    for p in POWERS
}
"""For the paper's figures 2 and 4, in the base setting."""
METHODS = PAPER_METHODS | FIXED_POWERS
