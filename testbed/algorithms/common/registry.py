"""From the name in a scenario to the class: one file per algorithm, found by its name."""

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path

from testbed.algorithms.common.algorithm import Algorithm
from testbed.algorithms.common.own_file import guard, load
from testbed.errors import UserError
from testbed.scenario.algorithms import is_file
from testbed.scenario.schema import Algorithm as Settings


def create(settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> Algorithm:
    """The algorithm that `settings` name, for a model whose `parts` are these columns.

    Raises UserError for a file that defines none, or settings that the algorithm does not take.
    """
    algorithm = find(settings.name)(settings, parts, devices, seed)
    _check(algorithm)
    return algorithm


def find(name: str) -> type[Algorithm]:
    """The class in the module of that name, or in a Python file. Raises UserError where there is not just one."""
    module = load(Path(name)) if is_file(name) else importlib.import_module(f"testbed.algorithms.{name}")
    found = [each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__]
    algorithms = [each for each in found if issubclass(each, Algorithm)]
    if len(algorithms) != 1:
        raise UserError(
            f"algorithm.name: {name} defines {len(algorithms)} subclasses of testbed.algorithms.Algorithm; "
            "there should be one."
        )
    missing = [*sorted(algorithms[0].__abstractmethods__), *(["title"] if not hasattr(algorithms[0], "title") else [])]
    if missing:
        raise UserError(f"algorithm.name: {name} lacks {' and '.join(missing)} (docs/algorithms.md shows a whole one).")
    if is_file(name):
        guard(algorithms[0], Path(name))
    return algorithms[0]


def _check(algorithm: Algorithm) -> None:
    """Common settings of local training that the formula has no place for."""
    settings = algorithm.settings
    if not (isinstance(algorithm.exchanges, int) and algorithm.exchanges > 0):
        raise UserError(f"{algorithm.title}: exchanges should be 1 or more, not {algorithm.exchanges!r}.")
    if settings.local_steps > 1 and not algorithm.local_steps:
        raise UserError(
            f"algorithm.local_steps = {settings.local_steps}: {algorithm.title} is defined for one step a round."
        )
    if (settings.schedule != "constant" or settings.warmup_rounds) and not algorithm.schedules:
        raise UserError(
            f"algorithm.schedule, algorithm.warmup_rounds: {algorithm.title} keeps vectors of a size that its learning "
            'rate gives, which has to stay: take schedule = "constant" without a warm-up.'
        )
    if settings.momentum and algorithm.momentum == "none":
        raise UserError(f"algorithm.momentum = {settings.momentum:g}: {algorithm.title} has no place for a momentum.")
    if settings.amend and algorithm.restarts:
        raise UserError(
            f"algorithm.amend = {settings.amend:g} needs what is kept from one local training to the next, but "
            f"{algorithm.title} begins anew in every round: leave it out, or take another algorithm."
        )
    if settings.optimizer != "sgd" and (algorithm.momentum != "local" or algorithm.beta):
        raise UserError(
            f'algorithm.optimizer = "{settings.optimizer}": {algorithm.title} is defined for steps along the gradient, '
            'or for a momentum of theirs: take "sgd".'
        )
