"""The trackers by name, and what each needs."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from testbed.errors import UserError
from testbed.trackers.tracker import Tracker

TRACKERS = {"tensorboard": "TensorBoard", "mlflow": "MLflow"}
"""Class by the name of its module, which is that of its extra."""

PACKAGES = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow", "sqlalchemy", "alembic")}


def check(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once. Raises UserError for one that is unknown, or whose packages are not installed."""
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in TRACKERS:
            raise UserError(f"There is no tracker {name!r}: choose from {', '.join(TRACKERS)}.")
        if lacking := missing(name):
            raise UserError(
                f"The tracker {name} needs {lacking}: install the extra `{name}`, "
                f"`pip install -e '.[{name}]'` in the checkout."
            )
    return chosen


def missing(name: str) -> str:
    """The packages that a tracker needs and that are not installed, as words."""
    return ", ".join(package for package in PACKAGES[name] if find_spec(package) is None)


def begin(name: str, folder: Path) -> Tracker:
    """The tracker of that name, at the run in `folder`."""
    made: Tracker = getattr(import_module(f"testbed.trackers.{name}"), TRACKERS[name])(folder)
    return made
