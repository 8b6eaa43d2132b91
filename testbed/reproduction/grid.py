"""What the tables of the HyperPrism paper ask for (Du et al., NeurIPS 2024, section 6): settings, methods, cells.

Table 2 varies the Dirichlet concentration of the data, table 3 the density of the graph, table 4 the number of devices;
the base setting stands in all three. Data sets, models, lr .01, batch 128 and 100 rounds are the paper's. How often is
evaluated, and on how many images, is ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, ClassVar, Literal

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


@dataclass(frozen=True)
class Task:
    """A data set, the model that learns it, and how it is measured."""

    data: str
    model: str
    rounds: int = 100
    eval_every: int = 1
    eval_samples: int = 0
    """Of the test images; 0: all."""
    validation: int = 5000
    """Training images that tuning holds out."""
    tuning_rounds: int = 100
    tuned_at_base: bool = False
    """Whether learning rates are tuned in the base setting alone, and hold for the others."""
    deadline_s: float = 60.0


MNIST = Task("mnist", "logistic")
CIFAR = Task("cifar10", "cnn", eval_every=5, eval_samples=2000, tuning_rounds=30, tuned_at_base=True, deadline_s=600.0)
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
    kind: ClassVar[str] = "cell"

    @property
    def name(self) -> str:
        words = [self.task.data, self.setting.name, self.method, self.air, f"lr{self.lr:g}", f"s{self.seed}"]
        return "-".join([*words, "tuning"] if self.tuning else words)


@dataclass(frozen=True)
class Place:
    """Where methods are compared: everything but the method and the seed."""

    task: Task
    setting: Setting
    air: AirKind
    column: Column


@dataclass(frozen=True)
class Plan:
    """What is to be reproduced."""

    tasks: tuple[Task, ...] = (MNIST, CIFAR)
    tables: tuple[int, ...] = (2, 3, 4)
    seeds: int = 3
    airs: tuple[AirKind, ...] = ("ns3", "graph")
    columns: tuple[Column, ...] = ("paper", "tuned")
    base: Setting = Setting()
    values: Mapping[int, tuple[float, ...]] = field(
        default_factory=lambda: {2: (0.1, 1.0, 10.0), 3: (0.2, 0.5, 0.8), 4: (20, 50, 100)}
    )
    methods: tuple[str, ...] = tuple(PAPER_METHODS)
    powers: tuple[str, ...] = tuple(FIXED_POWERS)
    """Methods for the figures on fixed powers."""

    def columns_of(self, table: int) -> list[Setting]:
        """The settings of a table."""
        changes: list[dict[str, Any]] = [{TABLES[table]: value} for value in self.values[table]]
        return [replace(self.base, **change) for change in changes]

    def settings(self) -> list[Setting]:
        """Those of all tables, each once, the base first."""
        found = [setting for table in self.tables for setting in self.columns_of(table)]
        return list(dict.fromkeys([self.base, *found]))

    def cells(self, task: Task, setting: Setting, method: str, air: AirKind, lr: float) -> list[Cell]:
        """One for each seed."""
        return [Cell(task, setting, method, air, lr, seed) for seed in range(1, self.seeds + 1)]

    def places(self) -> Iterator[Place]:
        """All columns of all tables, each once."""
        choices = product(self.tasks, self.settings(), self.airs, self.columns)
        yield from (Place(task, setting, air, column) for task, setting, air, column in choices)


def quick(plan: Plan) -> Plan:
    """The same in small, for a first look within minutes: nothing of it says anything of the paper."""
    values = {2: (0.1, 1.0, 10.0), 3: (0.2, 0.5, 0.8), 4: (4, 6, 8)}
    powers = tuple(f"wpm-mirror-p{p:g}" for p in POWERS)
    return replace(plan, tasks=(QUICK,), seeds=1, base=Setting(devices=6), values=values, powers=powers)


def at_base(plan: Plan) -> Plan:
    """The same in the base setting alone: a column of every table."""
    return replace(plan, values={table: (getattr(plan.base, varied),) for table, varied in TABLES.items()})
