"""Accuracy against bytes and against simulated seconds: round by round with one budget, and over all budgets."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from testbed.report.style import COLOURS, MARKERS, STYLE, band, name, save, title
from testbed.reproduction.lora.methods import FAMILIES, METHODS, Family
from testbed.reproduction.lora.methods import title as title_of
from testbed.reproduction.lora.plan import Place
from testbed.reproduction.lora.results import Results
from testbed.reproduction.lora.tasks import Task

LOOK = STYLE | {"savefig.dpi": 110}
DASHES = ("-", "--", ":")
MARKED = {"markersize": 3, "markevery": 0.2}
LEGEND: Any = {
    **{"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": 2},
    **{"fontsize": 7, "columnspacing": 1.0, "handlelength": 1.8},
}
ACCURACY = "accuracy, mean over devices"


def draw_rounds(results: Results, place: Place, folder: Path) -> Path:
    """A column of panels for each family of methods: above against megabytes, below against simulated seconds."""
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(11, 7), layout="constrained")
        panels = figure.subplots(2, len(FAMILIES), sharey=True, sharex="row")
        for family, (by_bytes, by_time) in zip(FAMILIES, panels.T, strict=True):
            _whole(results, place, by_bytes, by_time)
            for method in of_family(results, place, family):
                _lines(results, place, method, {**_look(method), **MARKED}, by_bytes, by_time)
            title(by_bytes, family)
            by_bytes.set_xscale("log")
            by_time.set_xscale("log")
            name(by_bytes, "messages of all devices so far (MB)", "")
            name(by_time, "simulated time (s)", "")
            by_time.legend(**LEGEND)
        for axes in panels[:, 0]:
            axes.set_ylabel(ACCURACY)
        file = folder / f"{place.task.name}-a{place.alpha:g}-r{place.budget}.png"
        save(figure, file)
    return file


def draw_budgets(results: Results, task: Task, folder: Path) -> Path:
    """Best accuracy against all bytes sent, and against simulated seconds: a line joins a method's budgets."""
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(11, 7), layout="constrained")
        panels = figure.subplots(2, len(FAMILIES), sharey=True, sharex="row")
        places = [Place(task, task.alphas[0], budget) for budget in sorted(task.budgets)]
        for family, (by_bytes, by_time) in zip(FAMILIES, panels.T, strict=True):
            _reference(results, places[0], by_bytes, by_time)
            for method in dict.fromkeys(method for place in places for method in of_family(results, place, family)):
                if METHODS[method].algorithm.get("name") != "local":
                    _budgets(results, places, method, by_bytes, by_time)
            title(by_bytes, family)
            name(by_bytes, "messages of all devices in all rounds (MB)", "")
            name(by_time, "simulated time of all rounds (s)", "")
            by_time.legend(**LEGEND)
        for axes in panels[:, 0]:
            axes.set_ylabel("best " + ACCURACY)
        file = folder / f"{task.name}-budgets.png"
        save(figure, file)
    return file


def of_family(results: Results, place: Place, family: Family) -> list[str]:
    """Its methods that are run there, in their order."""
    return [method for method in results.plan.fitting(place) if METHODS[method].family == family]


def _look(method: str) -> dict[str, Any]:
    """The same in every figure."""
    family = [each for each, of in METHODS.items() if of.family == METHODS[method].family]
    number, colours = family.index(method), COLOURS[:-1]
    dashes = DASHES[number // len(colours)]
    return {
        "color": colours[number % len(colours)],
        "linestyle": dashes,
        "marker": MARKERS[number % len(MARKERS)],
        "linewidth": 1.2,
        "label": title_of(method),
    }


def _whole(results: Results, place: Place, by_bytes: Axes, by_time: Axes) -> None:
    look = {"color": "black", "linewidth": 2.0, "label": title_of("whole")}
    _lines(results, place, "whole", look, by_bytes, by_time)


def _lines(results: Results, place: Place, method: str, look: dict[str, Any], by_bytes: Axes, by_time: Axes) -> None:
    """With one standard deviation over seeds; a diverged seed ends it for all."""
    curves = list(results.curves(place, method).values())
    length = min((len(curve.accuracy) for curve in curves), default=0)
    if not length:
        return
    accuracy = np.stack([curve.accuracy[:length] for curve in curves])
    megabytes = np.mean([curve.bytes[:length] for curve in curves], 0) / 1e6
    if megabytes.any():
        band(by_bytes, megabytes, accuracy, **look)
    band(by_time, np.mean([curve.seconds[:length] for curve in curves], 0), accuracy, **look)


def _budgets(results: Results, places: list[Place], method: str, by_bytes: Axes, by_time: Axes) -> None:
    found = [each for place in places if (each := results.measures(place, method)).megabytes.reached]
    if found:
        best, look = [each.best.mean for each in found], {**_look(method), "markersize": 4}
        by_bytes.plot([each.megabytes.mean for each in found], best, **look)
        by_time.plot([each.seconds.mean for each in found], best, **look)


def _reference(results: Results, place: Place, by_bytes: Axes, by_time: Axes) -> None:
    """A line across: what full fine-tuning costs would leave no room for the others."""
    found = results.measures(place, "whole")
    if found.megabytes.reached:
        costs = f"{found.megabytes.mean:,.0f} MB", f"{found.seconds.mean:,.0f} s"
        for axes, cost in zip((by_bytes, by_time), costs, strict=True):
            axes.axhline(found.best.mean, color="black", linewidth=1.2, label=title_of("whole"))
            across = axes.get_yaxis_transform()
            axes.text(0.98, found.best.mean, cost, transform=across, ha="right", va="bottom", size=7)
