"""Accuracy over the rounds, over simulated time, and over the bytes of messages."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from testbed.errors import UserError
from testbed.report.legend import legend
from testbed.report.metrics import Metric, unlike_rounds
from testbed.report.series import Series, Setting, stacked
from testbed.report.spread import Reals, half_width
from testbed.report.style import COLUMN, PAGE, band, bound, look, name, note
from testbed.results.curve import Curve

ACCURACY = "accuracy, mean over devices"
MEGABYTES = "messages so far (MB)"


TARGET: Any = {"color": "#555555", "linewidth": 0.8, "linestyle": (0, (1, 2)), "zorder": 1}


def draw_rounds(series: list[Series], _: list[Metric], target: float) -> Figure:
    """Raises UserError where a round is not the same thing in all runs."""
    members = [member for each in series for setting in each.settings for member in setting.members]
    if (why := unlike_rounds(members)) is not None:
        raise UserError(f"{why[0].upper()}{why[1:]}: `testbed plot time`.")
    figure = Figure(figsize=(COLUMN, 2.6 + 0.16 * len(series)), layout="constrained")
    axes = figure.subplots()
    for number, each in enumerate(series):
        accuracy = along(each.settings[0], lambda curve: curve.accuracy)
        line(axes, np.arange(1.0, accuracy.shape[1] + 1), accuracy, number)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    name(axes, "round", ACCURACY)
    _finish(figure, [axes], series, target)
    return figure


def draw_time(series: list[Series], _: list[Metric], target: float) -> Figure:
    """Two panels: simulated time, and bytes; an algorithm that sends nothing is in the first alone."""
    figure = Figure(figsize=(PAGE, 2.7 + 0.07 * len(series)), layout="constrained")
    by_time, by_bytes = figure.subplots(1, 2, sharey=True)
    for number, each in enumerate(series):
        accuracy = along(each.settings[0], lambda curve: curve.accuracy)
        line(by_time, along(each.settings[0], lambda curve: curve.seconds).mean(0), accuracy, number)
        over_bytes(by_bytes, each.settings[0], number)
    name(by_time, "simulated time (s)", ACCURACY)
    name(by_bytes, MEGABYTES, "")
    _finish(figure, [by_time, by_bytes], series, target)
    return figure


def over_bytes(axes: Axes, setting: Setting, number: int) -> None:
    """Accuracy against the messages of all devices so far, where there were any."""
    megabytes = along(setting, lambda curve: curve.bytes).mean(0) / 1e6
    if megabytes.any():
        line(axes, megabytes, along(setting, lambda curve: curve.accuracy), number)
        axes.set_xscale("log")


def line(axes: Axes, x: Reals, y: Reals, number: int) -> None:
    """The mean of y (runs, points) with its 95 % interval."""
    band(axes, x, y, half_width, linewidth=1.2, markersize=3, markevery=0.2, **look(number))


def along(setting: Setting, what: Callable[[Curve], Reals]) -> Reals:
    """(runs, rounds), cut to the shortest run: one that diverged ends it for all."""
    return stacked([what(member.curve) for member in setting.members])


def _finish(figure: Figure, panels: list[Axes], series: list[Series], target: float) -> None:
    """The target, the legend, and what is what."""
    for axes in panels:
        bound(axes)
        axes.axhline(target, **TARGET)
    legend(figure, series)
    note(figure, "lines: means over seeds; bands: 95 % intervals; dotted: the target")
