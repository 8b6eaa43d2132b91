"""What is compared with what, and where."""

from dataclasses import dataclass, replace

from testbed.reproduction.lora.methods import METHODS, WHOLE, fits
from testbed.reproduction.lora.tasks import QUICK, TASKS, Task


@dataclass(frozen=True)
class Place:
    """Where methods are compared: everything but the method and the seed."""

    task: Task
    alpha: float
    budget: int


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    tasks: tuple[Task, ...] = tuple(TASKS.values())
    seeds: int = 3
    methods: tuple[str, ...] = tuple(METHODS)
    core: bool = False
    """Whether what each task calls its core is all."""

    def places(self, task: Task) -> list[Place]:
        """The base skew with all budgets first; of the core that alone, with the core's budgets."""
        if self.core:
            return [Place(task, task.alphas[0], budget) for budget in task.core_budgets]
        return [Place(task, alpha, budget) for alpha in task.alphas for budget in task.settings(alpha)]

    def fitting(self, place: Place) -> list[str]:
        """The methods that make sense there."""
        task = place.task
        methods = [method for method in self.methods if not self.core or method in task.core]
        return [method for method in methods if fits(task, method, place.budget)]

    def lines(self, place: Place) -> list[str]:
        """All methods there, references first."""
        return [*self.references(place.task), *self.fitting(place)]

    def tuned_with(self, task: Task, method: str) -> int:
        """The budget that a method's learning rate is tuned with: the base one, if it makes sense there."""
        budgets = [task.base_budget, *task.budgets]
        return 0 if method in WHOLE else next(budget for budget in budgets if fits(task, method, budget))

    def references(self, task: Task) -> list[str]:
        """Methods without adapters that are run."""
        return list(WHOLE) if task.runs_whole else []


def quick(plan: Plan) -> Plan:
    """The same in small, for a first look within minutes."""
    return replace(plan, tasks=(QUICK,), seeds=1)
