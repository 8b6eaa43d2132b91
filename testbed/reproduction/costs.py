"""What a round costs the machine that computes it, method by method: the paper's figure 2(c)."""

import numpy as np

from testbed.reproduction.curve import Curve
from testbed.reproduction.grid import Place
from testbed.reproduction.results import Results
from testbed.reproduction.tables import markdown
from testbed.scenario.algorithms import title

FIXED = "wpm-mirror-p3"
"""HyperPrism without its hypernetworks."""
TEXT = """## What a round costs

Wall-clock milliseconds of a round of all devices on one thread, the median over rounds and seeds, in the base setting
over random graphs; the machine had other work beside it. WPM with p = 3 is HyperPrism without hypernetworks: one power
for all, and no derivative by it. `testbed bench mixing` measures the parts.
"""


def costs(results: Results) -> str:
    """The section of the page."""
    rows = [row for task in range(len(results.plan.tasks)) for row in _rows(results, task)]
    return "\n".join([TEXT, markdown([["data", "method", "training", "mixing"], *rows]), ""])


def _rows(results: Results, task: int) -> list[list[str]]:
    plan = results.plan
    place = Place(plan.tasks[task], plan.base, "graph", "paper")
    found = {title(method): list(results.curves(place, method).values()) for method in plan.methods}
    if task == 0 and FIXED in plan.powers:
        found["WPM, mirror, p = 3"] = list(results.fixed_power(FIXED).values())
    return [[place.task.data, name, *_times(curves)] for name, curves in found.items() if curves]


def _times(curves: list[Curve]) -> list[str]:
    seconds = np.array([[curve.training_s, curve.mixing_s] for curve in curves])
    return [f"{1e3 * value:.1f}" for value in np.median(seconds, 0)]
