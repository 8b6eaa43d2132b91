"""From the name in a scenario to the class: one file per algorithm, found by its name."""

import importlib.util
import inspect
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from testbed.algorithms.common.algorithm import Algorithm
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
    module = _from_file(Path(name)) if is_file(name) else importlib.import_module(f"testbed.algorithms.{name}")
    found = [each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__]
    algorithms = [each for each in found if issubclass(each, Algorithm)]
    if len(algorithms) != 1:
        raise UserError(
            f"algorithm.name: {name} defines {len(algorithms)} subclasses of testbed.algorithms.Algorithm; "
            "there should be one."
        )
    return algorithms[0]


def _from_file(path: Path) -> ModuleType:
    """A file of the user's own, run as Python code, once."""
    name = f"testbed_algorithm_{zlib.crc32(str(path.resolve()).encode())}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UserError(f"algorithm.name: there is no file {path}.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UserError(f"algorithm.name: {path} cannot be loaded: {type(error).__name__}: {error}.") from error
    return module


def _check(algorithm: Algorithm) -> None:
    """Common settings of local training that the formula has no place for."""
    settings = algorithm.settings
    if settings.local_steps > 1 and not algorithm.local_steps:
        raise UserError(
            f"algorithm.local_steps = {settings.local_steps}: {algorithm.title} is defined for one step a round."
        )
    if settings.momentum and algorithm.momentum == "none":
        raise UserError(f"algorithm.momentum = {settings.momentum:g}: {algorithm.title} has no place for a momentum.")
