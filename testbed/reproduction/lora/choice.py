"""What the command line may ask for of LoRA clients."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from testbed.reproduction.lora.jobs import Jobs
from testbed.reproduction.lora.page import write
from testbed.reproduction.lora.plan import Plan, quick
from testbed.reproduction.lora.results import Results
from testbed.reproduction.lora.tasks import TASKS
from testbed.reproduction.options import check, computed_on
from testbed.reproduction.store import Store


@dataclass(frozen=True)
class Choice:
    """Options by their names."""

    place: ClassVar[str] = "lora"

    seeds: int = 3
    quick: bool = False
    data: str = "all"
    accelerator: str | None = None
    core: bool = False
    """The methods that matter most, at the base skew and two budgets."""

    def plan(self) -> Plan:
        """Raises UserError for a task that is none of those known."""
        check("--data", self.data, [*TASKS, "all"])
        tasks = tuple(TASKS.values()) if self.data == "all" else (TASKS[self.data],)
        plan = Plan(tasks, self.seeds, core=self.core)
        plan = quick(plan) if self.quick else plan
        return replace(plan, tasks=computed_on(plan.tasks, self.accelerator))

    def jobs(self, store: Store, only_airs: bool = False) -> Jobs:
        """All that is asked for."""
        return Jobs(self.plan(), store, only_airs)

    def needs(self) -> list[str]:
        """Data sets and pretrained models."""
        return [name for task in self.plan().tasks for name in task.needs]

    def write(self, store: Store, folder: Path) -> Path:
        """The page of all that is in the store, whatever of it was asked for; returns it."""
        return write(Results(replace(self, data="all", core=False).jobs(store)), folder)
