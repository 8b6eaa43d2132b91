"""Algorithms in files of the user's own: what goes wrong in them is told with file and line, not with a traceback."""

import functools
import importlib.util
import sys
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor

from testbed.algorithms.common.algorithm import Algorithm, Training
from testbed.errors import UserError

GUARDED = (
    *("__init__", "message_bytes", "start", "point", "correction", "weights", "message", "mix", "report"),
    *("exchanges", "audience", "notes"),
)


def load(path: Path) -> ModuleType:
    """The file, run as Python code, once. Raises UserError where there is none, or it fails."""
    name = f"testbed_algorithm_{zlib.crc32(str(path.resolve()).encode())}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UserError(f"algorithm.name: there is no file {path}.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UserError(f"algorithm.name: {path} cannot be loaded: {_told(error, path)}.") from error
    return module


def guard(algorithm: type[Algorithm], path: Path) -> None:
    """Have the methods that the file defines raise UserError for whatever they raise, and for results that are none."""
    for name in GUARDED:
        method = vars(algorithm).get(name)
        if isinstance(method, property) and method.fget is not None:
            setattr(algorithm, name, property(_guarded(method.fget, path)))
        elif callable(method) and not hasattr(method, "__wrapped__"):
            setattr(algorithm, name, _guarded(method, path))


def _guarded(method: Callable[..., Any], path: Path) -> Callable[..., Any]:
    @functools.wraps(method)
    def guarded(*arguments: Any) -> Any:
        try:
            result = method(*arguments)
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"{path}: {method.__name__} failed: {_told(error, path)}.") from error
        if complaint := _complaint(method.__name__, arguments, result):
            raise UserError(f"{path}: {method.__name__} {complaint}.")
        return result

    return guarded


def _complaint(method: str, arguments: tuple[Any, ...], result: Any) -> str | None:
    """What is wrong with a result, where that would show late or not at all."""
    match method:
        case "message_bytes":
            right = isinstance(result, tuple) and result and all(isinstance(each, int) and each >= 0 for each in result)
            return None if right else f"should return a tuple of bytes, one or more, not {result!r}"
        case "mix":
            return _no_models(arguments[1], result)
    return None


def _no_models(training: Training, result: Any) -> str | None:
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict)):
        return "should return new models and a new state, a dictionary"
    models, wanted = result[0], training.models
    if isinstance(models, Tensor) and (models.shape, models.dtype) == (wanted.shape, wanted.dtype):
        return None
    found = f"{tuple(models.shape)}, {models.dtype}" if isinstance(models, Tensor) else repr(type(models))
    return f"should return models {tuple(wanted.shape)}, {wanted.dtype}, not {found}"


def _told(error: BaseException, path: Path) -> str:
    """The error, and the last line of the file that led to it."""
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if Path(each.filename) == path]
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {error}"
