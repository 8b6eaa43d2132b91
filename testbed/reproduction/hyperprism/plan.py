"""The cells of the tables: which settings, airs, learning rates and methods are run, and how a table is laid out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.grid import (
    BASE,
    CIFAR,
    FIXED_POWERS,
    MNIST,
    PAPER_METHODS,
    POWERS,
    QUICK,
    TABLES,
    AirKind,
    Column,
    Setting,
    Task,
)


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
    base: Setting = BASE
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
