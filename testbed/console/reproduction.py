"""`testbed reproduce`: what is asked for, the work, and where the results are."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import testbed
from testbed.console.campaign import Campaign
from testbed.errors import UserError
from testbed.reproduction import Plan, quick, reproduce
from testbed.reproduction.grid import CIFAR, MNIST, TABLES, AirKind, Column, Task

TASKS: dict[str, tuple[Task, ...]] = {"mnist": (MNIST,), "cifar10": (CIFAR,), "all": (MNIST, CIFAR)}
AIRS: dict[str, tuple[AirKind, ...]] = {"ns3": ("ns3",), "graph": ("graph",), "both": ("ns3", "graph")}
COLUMNS: dict[str, tuple[Column, ...]] = {"paper": ("paper",), "tuned": ("tuned",), "both": ("paper", "tuned")}


@dataclass(frozen=True)
class Choice:
    """What the command line asks for."""

    what: str
    tables: list[int] | None
    seeds: int
    quick: bool
    data: str
    air: str
    lr: str

    def plan(self) -> Plan:
        """Raises UserError for a word that is none of those known."""
        _check("paper", self.what, ("hyperprism",))
        for table in self.tables or ():
            _check("--table", table, TABLES)
        _check("--data", self.data, TASKS)
        _check("--air", self.air, AIRS)
        _check("--lr", self.lr, COLUMNS)
        whole = Plan(TASKS[self.data], tuple(sorted(set(self.tables or TABLES))), self.seeds)
        plan = replace(whole, airs=AIRS[self.air], columns=COLUMNS[self.lr])
        return quick(plan) if self.quick else plan


def run_reproduction(
    choice: Choice,
    out: Path,
    results: Path | None,
    workers: int | None,
    only_airs: bool,
    only_tables: bool,
    data_dir: Path | None,
) -> None:
    """Do what is open, then say what failed."""
    plan, root = choice.plan(), out / "quick" if choice.quick else out
    with Campaign() as campaign:
        failed = reproduce(plan, root, campaign, workers or os.cpu_count() or 1, only_airs, data_dir)
    if failed:
        raise UserError("\n".join(f"{done.job.name} failed: {done.told}" for done in failed))


def place(out: Path, is_quick: bool) -> Path:
    """Where results go by default: into the docs of a checkout; for a quick look beside the runs."""
    docs = Path(testbed.__file__).parents[1] / "docs"
    return docs / "reproduction" if docs.is_dir() and not is_quick else out / "results"


def _check(name: str, value: object, known: object) -> None:
    if value not in known:  # type: ignore[operator]
        raise UserError(f"{name} {value!r} is not known; there are {', '.join(map(str, known))}.")  # type: ignore[call-overload]
