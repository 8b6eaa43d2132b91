"""Traces looked at: their numbers, what is wrong with them, and those that are bundled."""

import json
import math
from typing import Any

from rich.console import Console
from rich.table import Table

from testbed.console.differences import plain
from testbed.trace import header, read
from testbed.trace.imports.base import Options
from testbed.trace.inspect import Statistics, open_any, statistics, validate

SHOWN, SHOWN_OF_ONE = 20, 5
"""Problems that are printed: in all, and of one kind."""

SPREAD = ("mean", "min", "p05", "p25", "median", "p75", "p95", "max")


def inspect_trace(path: str, format: str | None, options: Options, window_s: float | None, as_json: bool) -> None:
    """Print what `statistics` finds: as tables, or as one JSON object on one line."""
    found = statistics(open_any(path, format, options), window_s)
    if as_json:
        print(json.dumps(plain(found.as_json()), allow_nan=False))
        return
    console = _console()
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, told in _facts(found):
        facts.add_row(name, told)
    console.print(facts, highlight=False)
    numbers = found.as_json()
    if spreads := [(name, numbers[key]) for name, key in SPREADS if math.isfinite(numbers[key]["mean"])]:
        table = Table("", *SPREAD, box=None, pad_edge=False)
        for name, spread in spreads:
            table.add_row(name, *(_number(spread[column]) for column in SPREAD))
        console.print()
        console.print(table, highlight=False)
    oddities(found.oddities)


SPREADS = (
    ("degree", "degree"),
    ("peers", "peers"),
    ("contact (s)", "contact_s"),
    ("inter-contact (s)", "inter_contact_s"),
    ("delay (s)", "delay_s"),
)


def oddities(met: tuple[dict[str, Any], ...]) -> None:
    """Print what was odd about an imported file and what was done about it; nothing if nothing was."""
    if met:
        table = Table("oddity", "rows", "what was done", box=None, pad_edge=False)
        for each in met:
            table.add_row(str(each["reason"]), f"{each['count']:,}", str(each["done"]))
        print()
        _console().print(table, highlight=False, markup=False)


def validate_trace(path: str, format: str | None, options: Options) -> int:
    """Print what is wrong; the exit code: 1 if anything is."""
    found = validate(path, format, options)
    lines = [line for problem in found for line in problem.lines(SHOWN_OF_ONE)]
    count = sum(map(len, found))
    for line in lines[:SHOWN]:
        print(line)
    if count > len(lines[:SHOWN]):
        print(f"... and {count - len(lines[:SHOWN]):,} more")
    print(f"{path}: {f'{count:,} problem' + 's' * (count != 1) if count else 'nothing is wrong'}")
    return int(bool(found))


def list_traces() -> None:
    """Print the bundled traces."""
    from testbed.trace import bundled

    table = Table("trace", "nodes", "rounds", "seconds", "density", "network", box=None, pad_edge=False)
    for name in bundled.names():
        trace, folder = read(bundled.path(name)), header(bundled.path(name))
        seconds = trace.exchanges[-1].closed_ns / 1e9 if len(trace) else 0
        network, density = str(folder.network.get("kind", "")), f"{trace.densities().mean():.2f}" if len(trace) else ""
        table.add_row(f"bundled/{name}", str(folder.nodes), str(len(trace)), f"{seconds:.1f}", density, network)
    _console().print(table, highlight=False)


def _facts(found: Statistics) -> list[tuple[str, str]]:
    """What there is to say in a line each."""
    alone = int((found.peers == 0).sum())
    over = f" (mean over {_step(found)}, {_number(found.union_gap)} of the union of all)" * (found.window_s != 0)
    facts = [
        ("format", found.format),
        ("nodes", f"{found.nodes:,}" + f", {alone:,} without any link" * bool(alone)),
        ("links", f"{found.links:,} directed, of {found.pairs:,} pair{'s' * (found.pairs != 1)}"),
        ("contacts", f"{found.contacts:,}"),
        ("time", _time(found)),
        ("density", f"{found.density_mean:.4g}"),
        ("connected", _connected(found)),
        ("spectral gap", _number(found.gap) + over),
    ]
    if math.isfinite(one_way := found.asymmetry.one_way):
        known = math.isfinite(difference := found.asymmetry.difference)
        both = f", {_number(difference)} between the deliveries of both ways" * known
        facts.append(("asymmetry", f"{one_way:.1%} of the link rows one-way{both}"))
    if math.isfinite(found.delivered):
        facts.append(("delivered", f"{found.delivered:.1%} of {len(found.delays_s):,} messages to neighbours"))
    return facts


def _connected(found: Statistics) -> str:
    net = found.connectivity
    if net.window is None:
        return f"not even the union of all: {net.components:,} components, the largest of {net.largest:,} nodes"
    if net.window > 1:
        return f"every {net.window} consecutive {_step(found)} together"
    return "yes" if found.window_s == 0 else f"each of the {_step(found)}"


def _step(found: Statistics) -> str:
    if found.window_s is None:
        return "rounds"
    return f"windows of {found.window_s:,.9g} s" if found.window_s else "the one instant"


def _time(found: Statistics) -> str:
    if found.bounds_ns is None:
        return "none known"
    start, end = (ns / 1e9 for ns in found.bounds_ns)
    rounds = f", {found.rounds:,} round{'s' * (found.rounds != 1)}" * bool(found.rounds)
    if start == end:
        return f"one instant, {start:,.12g} s{rounds}"
    days = f" ({(end - start) / 86400:.1f} days)" * (end - start >= 86400)
    return f"{start:,.12g} s to {end:,.12g} s{days}{rounds}"


def _number(value: float) -> str:
    """Four digits, and small whole numbers whole."""
    if not math.isfinite(value):
        return "not known"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _console() -> Console:
    """As wide as its text where nobody sees an edge."""
    console = Console()
    return console if console.is_terminal else Console(width=160)
