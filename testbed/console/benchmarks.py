"""The benchmarks by name."""

import json
from difflib import get_close_matches
from importlib import import_module
from inspect import signature
from typing import Any

from rich.console import Console
from rich.table import Table

from testbed.errors import UserError

BENCHMARKS = (
    "broadcast",
    "culling",
    "fleet",
    "lora",
    "mixing",
    "overlap",
    "radio",
    "replay",
    "scaling",
    "session",
    "shards",
    "trace",
)


def bench(name: str, as_json: bool, **options: int | None) -> None:
    """Run one with the options that are not None, and print what it measured."""
    if name not in BENCHMARKS:
        near = get_close_matches(name, BENCHMARKS, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(BENCHMARKS)}."
        raise UserError(f"There is no benchmark {name!r}; {hint}")
    measure = getattr(import_module(f"testbed.bench.{name}"), name)
    given = {key: value for key, value in options.items() if value is not None}
    if strange := [key for key in given if key not in signature(measure).parameters]:
        raise UserError(f"The benchmark {name!r} has no --{strange[0]}.")
    measured: dict[str, Any] = measure(**given)
    if as_json:
        print(json.dumps(measured))
        return
    table = Table("measured", "value", title=name)
    for key, value in _flat(measured):
        table.add_row(key, f"{value:.4g}" if isinstance(value, float) else str(value))
    Console().print(table)


def _flat(tree: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in tree.items():
        rows += _flat(value, f"{above}{key}.") if isinstance(value, dict) else [(above + key, value)]
    return rows
