"""The learning rates that were chosen, and what was tried."""

from testbed.report.text import markdown
from testbed.reproduction.hyperprism.grid import Setting, Task
from testbed.reproduction.hyperprism.results import OURS, Results
from testbed.reproduction.search import HIGHEST, LOWEST, rate
from testbed.scenario.algorithms import title

TEXT = """## Tuned learning rates

Tried are half decades, some at first ({first}), and further ones as long as the best is at an end, from
{lowest:g} to {highest:g} at most. The best is that with the highest mean accuracy on the held out images in any round;
one that diverges is worse than any that does not. In brackets: all that were tried with their accuracies in percent,
× where it diverged. An asterisk: the best is at the very end of what is ever tried.
"""


def rates(results: Results) -> str:
    """The section of the page."""
    if "tuned" not in results.plan.columns:
        return ""
    tasks = results.plan.tasks
    first = "; ".join(f"{task.data} {_first(task)}" for task in tasks)
    text = TEXT.format(first=first, lowest=rate(LOWEST), highest=rate(HIGHEST))
    return "\n".join([text, *(_table(results, task) for task in tasks)])


def _first(task: Task) -> str:
    all_, ours = (f"{rate(each[0]):g} to {rate(each[-1]):g}" for each in (task.first, task.first_of(OURS)))
    return all_ if all_ == ours else f"{all_}, of HyperPrism {ours}"


def _table(results: Results, task: Task) -> str:
    settings = list(dict.fromkeys(results.jobs.tuning.setting(task, setting) for setting in results.plan.settings()))
    head = [
        task.data,
        *(f"alpha {each.alpha:g}, density {each.density:g}, {each.devices} devices" for each in settings),
    ]
    rows = [
        [title(method), *(_choice(results, task, each, method) for each in settings)] for method in results.plan.methods
    ]
    return markdown([head, *rows]) + "\n"


def _choice(results: Results, task: Task, setting: Setting, method: str) -> str:
    tuning = results.jobs.tuning
    tried, lr = tuning.tried(task, setting, method), tuning.lr(task, setting, method)
    if not tried:
        return ""
    chosen = "open" if lr is None else f"{lr:g}" + "*" * tuning.at_end(task, setting, method)
    each = ", ".join(
        f"{rate:g}{'×' if curve.diverged else f': {100 * curve.best:.1f}'}" for rate, curve in tried.items()
    )
    return f"**{chosen}** ({each})"
