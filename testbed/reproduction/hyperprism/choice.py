"""What the command line may ask for of the HyperPrism paper."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from testbed.reproduction.hyperprism.grid import CIFAR, MNIST, TABLES, AirKind, Column, Task
from testbed.reproduction.hyperprism.jobs import Jobs
from testbed.reproduction.hyperprism.page import write
from testbed.reproduction.hyperprism.plan import Plan, at_base, quick
from testbed.reproduction.hyperprism.results import Results
from testbed.reproduction.options import check, computed_on
from testbed.reproduction.store import Store

TASKS: dict[str, tuple[Task, ...]] = {"mnist": (MNIST,), "cifar10": (CIFAR,), "all": (MNIST, CIFAR)}
AIRS: dict[str, tuple[AirKind, ...]] = {"ns3": ("ns3",), "graph": ("graph",), "both": ("ns3", "graph")}
COLUMNS: dict[str, tuple[Column, ...]] = {"paper": ("paper",), "tuned": ("tuned",), "both": ("paper", "tuned")}


@dataclass(frozen=True)
class Choice:
    """Options by their names; `tables` empty means all."""

    place: ClassVar[str] = "."
    """Where in the folders of runs and results: there are older ones than of any other paper."""
    tables: tuple[int, ...] = ()
    seeds: int = 3
    quick: bool = False
    base: bool = False
    """The base setting alone, which stands in every table."""
    data: str = "all"
    air: str = "both"
    lr: str = "both"
    accelerator: str | None = None

    def plan(self) -> Plan:
        """Raises UserError for a word that is none of those known."""
        for table in self.tables:
            check("--table", table, TABLES)
        check("--data", self.data, TASKS)
        check("--air", self.air, AIRS)
        check("--lr", self.lr, COLUMNS)
        tables = tuple(sorted(set(self.tables or TABLES)))
        plan = replace(Plan(TASKS[self.data], tables, self.seeds), airs=AIRS[self.air], columns=COLUMNS[self.lr])
        if MNIST not in plan.tasks:
            plan = replace(plan, powers=())  # the figures on fixed powers are of the digits
        plan = quick(plan) if self.quick else plan
        plan = replace(plan, tasks=computed_on(plan.tasks, self.accelerator))
        return at_base(plan) if self.base else plan

    def jobs(self, store: Store, only_airs: bool = False) -> Jobs:
        """All that is asked for."""
        return Jobs(self.plan(), store, only_airs)

    def needs(self) -> list[str]:
        """The data sets."""
        return [task.data for task in self.plan().tasks]

    def write(self, store: Store, folder: Path) -> Path:
        """The page of all that is in the store, whatever of it was asked for; returns it."""
        whole = replace(self, tables=(), base=False, data="all", air="both", lr="both")
        return write(Results(whole.jobs(store)), folder)[0]
