"""One file per algorithm: what is sent, and how what arrived is mixed."""

from collections.abc import Mapping
from importlib import import_module

from testbed.algorithms.base import Algorithm, State
from testbed.algorithms.message import size_bytes
from testbed.scenario.schema import Algorithm as Settings

ALGORITHMS = {
    "allreduce": "AllReduce",
    "atc": "ATC",
    "dpsgd": "DPSGD",
    "hyperprism": "HyperPrism",
    "local": "Local",
    "wpm": "WPM",
}
"""Name in a scenario, which is the module's, to class."""

__all__ = ["ALGORITHMS", "Algorithm", "State", "create", "size_bytes"]


def create(settings: Settings, parts: Mapping[str, slice], devices: int, seed: int) -> Algorithm:
    """The algorithm that `settings` names, for a model whose `parts` are these columns."""
    module = import_module(f"testbed.algorithms.{settings.name}")
    algorithm: type[Algorithm] = getattr(module, ALGORITHMS[settings.name])
    return algorithm(settings, parts, devices, seed)
