"""The tables as Markdown and as CSV."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from testbed.report.spread import Spread
from testbed.report.text import csv_text, markdown, number, spread_text
from testbed.reproduction.hyperprism.grid import TABLES, TITLES, AirKind, Column, Task
from testbed.reproduction.hyperprism.plan import Place, Plan
from testbed.reproduction.hyperprism.results import Measures, Results, places
from testbed.scenario.algorithms import title

SYMBOLS = {2: "alpha", 3: "density", 4: "devices"}
AIRS = {"ns3": "live 802.11a (ns-3)", "graph": "random graphs, no radio"}
COLUMNS = {"paper": "lr .01 for all, as in the paper", "tuned": "lr tuned for each method"}
SPREADS = ("max_acc", "rounds", "own_rounds", "seconds", "megabytes", "joules")


def variants(plan: Plan) -> list[tuple[Task, AirKind, Column]]:
    """Each table comes once for every data set, air and choice of learning rates."""
    return [(task, air, column) for task in plan.tasks for air in plan.airs for column in plan.columns]


def heading(task: Task, air: AirKind, column: Column) -> str:
    return f"{TITLES[task.data]}; {AIRS[air]}; {COLUMNS[column]}"


def accuracy_table(results: Results, table: int, task: Task, air: AirKind, column: Column) -> str:
    """Max Acc and Conv. Rds of every method in every setting, and HyperPrism's gain; Markdown."""
    where = places(results.plan, task, air, column, table)
    names = [f"{TABLES[table]} {getattr(place.setting, TABLES[table]):g}" for place in where]
    head = ["method", *(f"{name}: {what}" for name in names for what in ("Max Acc", "Conv. Rds", "own target"))]
    rows = [
        [title(method), *_flat(_accuracy(results, place, method) for place in where)] for method in results.plan.methods
    ]
    gains = _flat([_percent(gain) for gain in results.gains(place)] + [""] for place in where)
    return markdown([head, *rows, ["gain of HyperPrism", *gains]])


def cost_table(results: Results, table: int, task: Task, air: AirKind, column: Column) -> str:
    """Simulated seconds, megabytes and joules to the common target; Markdown."""
    where = places(results.plan, task, air, column, table)
    names = [f"{TABLES[table]} {getattr(place.setting, TABLES[table]):g}" for place in where]
    head = ["method", *(f"{name}: {unit}" for name in names for unit in ("s", "MB", "J"))]
    rows = [
        [title(method), *_flat(_costs(results, place, method) for place in where)] for method in results.plan.methods
    ]
    return markdown([head, *rows])


def is_empty(results: Results, table: int, task: Task, air: AirKind, column: Column) -> bool:
    """Whether no cell of it is finished."""
    where = places(results.plan, task, air, column, table)
    return not any(results.curves(place, method) for place in where for method in results.plan.methods)


def as_csv(results: Results, table: int) -> str:
    """All that the Markdown tables hold, a row for each method and setting: means, spreads, seeds that reached."""
    head = ["data", "air", "lr_column", "alpha", "density", "devices", "method", "lr", "seeds", "diverged"]
    rows: list[list[object]] = [
        [*head, "target_mean", *(f"{name}_{what}" for name in SPREADS for what in ("mean", "std", "reached"))]
    ]
    for task, air, column in variants(results.plan):
        for place in places(results.plan, task, air, column, table):
            rows += [_row(results, place, method) for method in results.plan.methods]
    return csv_text(rows)


def _accuracy(results: Results, place: Place, method: str) -> list[str]:
    found = results.measures(place, method)
    mark = f" †{found.diverged}" if found.diverged else ""
    accuracy = spread_text(found.max_acc, 1, 100.0) + mark
    return [accuracy, spread_text(found.rounds, 1), spread_text(found.own_rounds, 1)]


def _costs(results: Results, place: Place, method: str) -> list[str]:
    found = results.measures(place, method)
    return [spread_text(each, 1 if each.mean >= 1 else 3) for each in (found.seconds, found.megabytes, found.joules)]


def _row(results: Results, place: Place, method: str) -> list[object]:
    found, setting = results.measures(place, method), place.setting
    lr = results.jobs.lr(place, method)
    target = Spread(tuple(results.targets(place).values())).mean
    known = [place.task.data, place.air, place.column, setting.alpha, setting.density, setting.devices, method]
    return [*known, "" if lr is None else lr, found.seeds, found.diverged, number(target), *_numbers(found)]


def _numbers(found: Measures) -> list[object]:
    spreads: list[Spread] = [getattr(found, name) for name in SPREADS]
    return _flat([number(each.mean), number(each.std), each.reached] for each in spreads)


def _percent(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.2f} %"


def _flat(parts: Iterable[Sequence[Any]]) -> list[Any]:
    return [each for part in parts for each in part]
