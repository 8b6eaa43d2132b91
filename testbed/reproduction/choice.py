"""What the command line may ask for."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from testbed.errors import UserError
from testbed.reproduction.grid import CIFAR, MNIST, TABLES, AirKind, Column, Plan, Task, at_base, quick

TASKS: dict[str, tuple[Task, ...]] = {"mnist": (MNIST,), "cifar10": (CIFAR,), "all": (MNIST, CIFAR)}
AIRS: dict[str, tuple[AirKind, ...]] = {"ns3": ("ns3",), "graph": ("graph",), "both": ("ns3", "graph")}
COLUMNS: dict[str, tuple[Column, ...]] = {"paper": ("paper",), "tuned": ("tuned",), "both": ("paper", "tuned")}


@dataclass(frozen=True)
class Choice:
    """Options by their names; `tables` empty means all."""

    paper: str = "hyperprism"
    tables: tuple[int, ...] = ()
    seeds: int = 3
    quick: bool = False
    base: bool = False
    """The base setting alone, which stands in every table."""
    data: str = "all"
    air: str = "both"
    lr: str = "both"

    def plan(self) -> Plan:
        """Raises UserError for a word that is none of those known."""
        _check("The paper", self.paper, ("hyperprism",))
        for table in self.tables:
            _check("--table", table, TABLES)
        _check("--data", self.data, TASKS)
        _check("--air", self.air, AIRS)
        _check("--lr", self.lr, COLUMNS)
        tables = tuple(sorted(set(self.tables or TABLES)))
        plan = replace(Plan(TASKS[self.data], tables, self.seeds), airs=AIRS[self.air], columns=COLUMNS[self.lr])
        plan = quick(plan) if self.quick else plan
        return at_base(plan) if self.base else plan


def _check(name: str, value: object, known: Collection[object]) -> None:
    if value not in known:
        raise UserError(f"{name} {value!r} is not known here: choose among {', '.join(map(str, known))}.")
