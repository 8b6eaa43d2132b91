"""What a round costs: the machine that computes it (the paper's figure 2(c)), and the air that carries it."""

import numpy as np

from testbed.report.spread import Spread
from testbed.report.text import markdown, spread_text
from testbed.reproduction.hyperprism.plan import Place
from testbed.reproduction.hyperprism.results import Results
from testbed.results.curve import Curve
from testbed.scenario.algorithms import title

FIXED = "wpm-mirror-p3"
"""HyperPrism without its hypernetworks."""
TEXT = """## What a round costs

Wall-clock milliseconds of a round of all devices on one thread, the median over rounds and seeds, in the base setting
over random graphs; the machine had other work beside it. WPM with p = 3 is HyperPrism without hypernetworks: one power
for all, and no derivative by it. `testbed bench mixing` measures the parts.
"""

AIRS = """## The live airs

Simulated seconds that a round took with each method's messages, and the realised density, a mean over rounds and seeds.
"""


def costs(results: Results) -> str:
    """The section of the page."""
    rows = [row for task in range(len(results.plan.tasks)) for row in _rows(results, task)]
    return "\n".join([TEXT, markdown([["data", "method", "training", "mixing"], *rows]), ""])


def airs(results: Results) -> str:
    """The section of the page on the live airs: realised density, and simulated seconds a round."""
    plan = results.plan
    head = ["data", "density wanted", "devices", "density realised", *map(title, plan.methods)]
    networks = {(each.density, each.devices): each for each in plan.settings() if each.alpha == plan.base.alpha}
    places = [Place(task, setting, "ns3", "paper") for task in plan.tasks for setting in networks.values()]
    rows = [row for place in places if (row := _air(results, place))]
    return "\n".join([AIRS, markdown([head, *rows]), ""]) if rows else ""


def _air(results: Results, place: Place) -> list[str]:
    """Nothing where no cell is finished."""
    found = {method: _begun(results.curves(place, method)) for method in results.plan.methods}
    densities = [curve.density for curves in found.values() for curve in curves]
    if not densities:
        return []
    seconds = (Spread(tuple(curve.seconds[-1] / len(curve.seconds) for curve in each)) for each in found.values())
    density, setting = Spread(tuple(densities)), place.setting
    known = [place.task.data, f"{setting.density:g}", f"{setting.devices}", f"{density.mean:.3f}"]
    return [*known, *(spread_text(each, 2) for each in seconds)]


def _rows(results: Results, task: int) -> list[list[str]]:
    plan = results.plan
    place = Place(plan.tasks[task], plan.base, "graph", "paper")
    found = {title(method): _begun(results.curves(place, method)) for method in plan.methods}
    if task == 0 and FIXED in plan.powers:
        found["WPM, mirror, p = 3"] = _begun(results.fixed_power(FIXED))
    return [[place.task.data, name, *_times(curves)] for name, curves in found.items() if curves]


def _begun(curves: dict[int, Curve]) -> list[Curve]:
    """Those that did not diverge in their first round."""
    return [curve for curve in curves.values() if len(curve.accuracy)]


def _times(curves: list[Curve]) -> list[str]:
    seconds = np.array([[curve.training_s, curve.mixing_s] for curve in curves])
    return [f"{1e3 * value:.1f}" for value in np.median(seconds, 0)]
