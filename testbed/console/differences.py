"""Where two traces part, in words."""

import json
import math
from typing import Any

from testbed.trace import OPEN_NS
from testbed.trace.imports.base import Options
from testbed.trace.inspect import Difference, diff, open_any
from testbed.trace.inspect.diff import Parting
from testbed.trace.inspect.opening import STATED

SHOWN = 20
"""Keys of the headers that are printed."""


def diff_traces(
    a: str, b: str, tolerance: float, as_json: bool, format: str | None = None, options: Options = STATED
) -> int:
    """Print where two traces part; the exit code: 1 if they do."""
    found = diff(open_any(a, format, options), open_any(b, format, options), tolerance)
    if as_json:
        first = None if found.first is None else vars(found.first)
        tree = {"equal": not found, "header": [vars(key) for key in found.header], "rows": found.rows, "first": first}
        print(json.dumps(plain(tree), allow_nan=False))
    else:
        print("\n".join(_parting(found)))
    return int(bool(found))


def _parting(found: Difference) -> list[str]:
    """The lines of a `diff`."""
    if not found:
        return ["equal: no key of the headers and no row differs"]
    lines = [f"header: {key.key}: {_value(key.a)} in A, {_value(key.b)} in B" for key in found.header[:SHOWN]]
    lines += [f"... and {len(found.header) - SHOWN} more keys"] * (len(found.header) > SHOWN)
    if found.first is None:
        return [*lines, "no row differs"]
    counts = ", ".join(f"{name} {count:,}" for name, count in found.rows.items())
    return [*lines, *_first(found.first), f"rows that differ: {counts}"]


def _first(parting: Parting) -> list[str]:
    key = ", ".join(f"{name} {_in_words(name, value)}" for name, value in parting.key.items() if name != "round")
    told = f"{parting.table}, {key}" if key else parting.table
    place = f"round {parting.round}" if parting.round >= 0 else f"the instant {(parting.time_ns or 0) / 1e9:.10g} s"
    rows = [f"row {row} of {name}" for name, row in (("A", parting.row_a), ("B", parting.row_b)) if row is not None]
    lines = [f"they part in {place}: {told} ({', '.join(rows)})"]
    if len(rows) == 1:
        return [*lines, f"  it is in {rows[0][-1]} alone"]
    values = [(name, *(_in_words(name, value) for value in pair)) for name, pair in parting.values.items()]
    return [*lines, *(f"  {name}: {a} in A, {b} in B" for name, a, b in values)]


def _in_words(name: str, value: Any) -> str:
    """A time in seconds as well as in nanoseconds."""
    if name.endswith("_ns") and isinstance(value, int):
        return "open" if value == OPEN_NS else f"{value} ({value / 1e9:.9g} s)"
    return _value(value)


def _value(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def plain(tree: Any) -> Any:
    """What JSON can hold: null in place of what is no finite number."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [plain(each) for each in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree
