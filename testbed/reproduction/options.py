"""What the command line may ask for of any reproduction."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from testbed.errors import UserError
from testbed.reproduction.task import Task

ACCELERATORS = (None, "cuda")
AnyTask = TypeVar("AnyTask", bound=Task)


def check(name: str, value: object, known: Collection[object]) -> None:
    """Raises UserError for a value that is none of those known."""
    if value not in known:
        raise UserError(f"{name} {value!r} is not known here: choose among {', '.join(map(str, known))}.")


def computed_on(tasks: Sequence[AnyTask], accelerator: str | None) -> tuple[AnyTask, ...]:
    """The same tasks with gradients computed there. Raises UserError as `check`."""
    check("--accelerator", accelerator, ACCELERATORS)
    return tuple(replace(task, accelerator=accelerator) for task in tasks)
