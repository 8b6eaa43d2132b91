"""From the names in a scenario to the classes: one file for each policy and each merge, found by its name."""

import importlib
import inspect
from typing import TypeVar

from testbed.lora.merge import Merge
from testbed.lora.policy import Policy

Kind = TypeVar("Kind")


def policy(name: str) -> type[Policy]:
    """The policy in the file of that name."""
    return _only(f"testbed.lora.policies.{name}", Policy)


def merge(name: str) -> type[Merge]:
    """The merge in the file of that name."""
    return _only(f"testbed.lora.merges.{name}", Merge)  # type: ignore[type-abstract]


def _only(path: str, kind: type[Kind]) -> type[Kind]:
    """The one class of a kind that a module defines."""
    module = importlib.import_module(path)
    found = [each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == path]
    (only,) = [each for each in found if issubclass(each, kind)]
    return only
