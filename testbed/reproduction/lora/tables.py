"""The tables as Markdown and as CSV."""

from collections.abc import Iterable, Sequence

from testbed.report.spread import Spread
from testbed.report.text import csv_text, markdown, number, spread_text
from testbed.reproduction.lora.methods import FAMILIES, METHODS, WHOLE, title
from testbed.reproduction.lora.plan import Place
from testbed.reproduction.lora.results import Measures, Results
from testbed.reproduction.lora.tasks import Task, budget_bytes, shape, whole_bytes

SPREADS = (
    *("best", "last", "megabytes", "air_megabytes", "seconds", "joules"),
    *("rounds_to", "megabytes_to", "seconds_to", "joules_to", "rank", "energy_above", "saved", "saved_numbers"),
)


def is_empty(results: Results, place: Place) -> bool:
    """Whether no cell with adapters is finished there."""
    return not any(results.curves(place, method) for method in results.plan.fitting(place))


def ran(results: Results, place: Place) -> list[str]:
    """The methods of which a cell is finished there."""
    return [method for method in results.plan.lines(place) if results.curves(place, method)]


def result_table(results: Results, place: Place) -> str:
    """Accuracy, what a whole run costs, and what is left of the ranks; Markdown."""
    head = ["method", "ranks", "best", "last", "MB", "air MB", "s", "J", "rank", "energy above"]
    rows = [_result(results, place, method) for method in ran(results, place)]
    return markdown([head, *rows])


def target_table(results: Results, place: Place) -> str:
    """What it takes to the common target; Markdown."""
    head = ["method", "ranks", "rounds", "MB", "s", "J"]
    rows = [_target(results, place, method) for method in ran(results, place)]
    return markdown([head, *rows])


def savings_table(results: Results, task: Task) -> str:
    """1 - bytes / bytes of full fine-tuning at every budget of the base skew, beside the best accuracy; Markdown."""
    places = [Place(task, task.alphas[0], budget) for budget in task.budgets]
    what = ("saved, bytes", "saved, adapters alone", "best / full's")
    head = ["method", "ranks", *(f"r = {place.budget}: {each}" for place in places for each in what)]
    methods = [method for method in results.plan.methods if any(results.curves(place, method) for place in places)]
    rows = [
        [title(method), METHODS[method].family, *(cell for place in places for cell in _saved(results, place, method))]
        for method in methods
    ]
    return markdown([head, *rows])


def bytes_table(tasks: Iterable[Task]) -> str:
    """What a message of each budget takes, and what that would save by itself; Markdown."""
    head = ["model", "numbers", "full message, B", "head, numbers", "r", "adapters, B", "adapters saved"]
    rows = []
    for task in tasks:
        of, full = shape(task), whole_bytes(task)
        for budget in task.budgets:
            adapters = budget_bytes(task, budget)
            known = [task.name, f"{of.whole:,}", f"{full:,}", f"{of.head:,}", f"{budget}", f"{adapters:,}"]
            rows.append([*known, f"{100 * (1 - adapters / (4 * of.whole)):.2f} %"])
    return markdown([head, *rows])


def pairs_table() -> str:
    """All methods: policy, merge, algorithm and how a budget is kept; Markdown."""
    head = ["method", "ranks", "lora.policy", "lora.merge", "algorithm", "budget kept"]
    rows = [
        [each.title, each.family, each.policy, each.merge, str(each.algorithm.get("name", "atc")), each.keeps]
        for family in FAMILIES
        for each in METHODS.values()
        if each.family == family
    ]
    return markdown([head, *rows])


def as_csv(results: Results) -> str:
    """All that the Markdown tables hold, a row for each method and place: means, spreads, seeds that have a value."""
    known = ["task", "alpha", "budget", "budget_bytes", "method", "family", "policy", "merge", "lr"]
    columns = [f"{name}_{what}" for name in SPREADS for what in ("mean", "std", "seeds")]
    rows: list[list[object]] = [[*known, "finished", "diverged", *columns]]
    for task in results.plan.tasks:
        for place in results.plan.places(task):
            rows += [_row(results, place, method) for method in results.plan.lines(place)]
    return csv_text(rows)


def rates_table(results: Results, task: Task) -> str:
    """The learning rates that were chosen, and what was tried; Markdown."""
    methods = dict.fromkeys(method for place in results.plan.places(task) for method in results.plan.lines(place))
    return markdown(
        [["method", "ranks", "lr"], *([*_named(method), _rate(results, task, method)] for method in methods)]
    )


def _rate(results: Results, task: Task, method: str) -> str:
    search = results.jobs.search(task, method)
    tried, lr = search.tried(), search.lr()
    if not tried:
        return ""
    chosen = "open" if lr is None else f"{lr:g}" + "*" * search.at_end()
    each = ", ".join(f"{lr:g}{'×' if curve.diverged else f': {100 * curve.best:.1f}'}" for lr, curve in tried.items())
    return f"**{chosen}** ({each})"


def _named(method: str) -> list[str]:
    return [title(method), "" if method in WHOLE else METHODS[method].family]


def _result(results: Results, place: Place, method: str) -> list[str]:
    found = results.measures(place, method)
    mark = f" †{found.diverged}" if found.diverged else ""
    costs = (found.megabytes, found.air_megabytes, found.seconds, found.joules)
    accuracy = [spread_text(found.best, 1, 100.0) + mark, spread_text(found.last, 1, 100.0)]
    ends = [spread_text(found.rank, 2), spread_text(found.energy_above, 3)]
    return [*_named(method), *accuracy, *map(_cost, costs), *ends]


def _target(results: Results, place: Place, method: str) -> list[str]:
    found = results.measures(place, method)
    costs = (found.megabytes_to, found.seconds_to, found.joules_to)
    return [*_named(method), spread_text(found.rounds_to, 1), *map(_cost, costs)]


def _saved(results: Results, place: Place, method: str) -> Sequence[str]:
    found, whole = results.measures(place, method), results.measures(place, "whole").best.mean
    share = "" if not found.best.values or not whole > 0 else f"{100 * found.best.mean / whole:.1f} %"
    return [_percent(found.saved), _percent(found.saved_numbers), share]


def _percent(spread: Spread) -> str:
    return f"{100 * spread.mean:.2f} %" if spread.reached else ""


def _cost(spread: Spread) -> str:
    return spread_text(spread, 1 if spread.mean >= 1 else 3)


def _row(results: Results, place: Place, method: str) -> list[object]:
    found, task, of = results.measures(place, method), place.task, METHODS.get(method)
    lr, kept = results.jobs.lr(task, method), (place.budget, budget_bytes(task, place.budget)) if of else ("", "")
    known = [task.name, place.alpha, *kept, method, *((of.family, of.policy, of.merge) if of else ("", "", ""))]
    return [*known, "" if lr is None else lr, found.seeds, found.diverged, *_numbers(found)]


def _numbers(found: Measures) -> list[object]:
    spreads: list[Spread] = [getattr(found, name) for name in SPREADS]
    return [cell for each in spreads for cell in (number(each.mean), number(each.std), each.reached)]
