"""Convergence against connectivity density: a panel for each measure, a line for each method."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from testbed.report.legend import legend
from testbed.report.metrics import Metric
from testbed.report.series import Series
from testbed.report.spread import Reals
from testbed.report.style import COLUMN, PAGE, look, name, none, note

PANEL_IN = 1.95
ROW = 3
"""Panels side by side at most."""
BARS = "means over seeds and their 95 % intervals"
NEVER = "; hollow, arrow up: at least so much, as not all seeds reached the target; x: no bound, a seed diverged"


def draw(series: list[Series], metrics: list[Metric], target: float) -> Figure:
    """Means over seeds with their 95 % intervals, against the realised density."""
    columns = min(len(metrics), ROW)
    rows = -(-len(metrics) // columns)
    width = COLUMN if columns == 1 else PAGE
    figure = Figure(figsize=(width, PANEL_IN * rows + 0.35 + 0.09 * len(series)), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, metric in zip(panels, metrics, strict=False):
        _panel(axes, series, metric, target)
    spare = panels[len(metrics) :]
    for axes in spare:
        axes.set_axis_off()
    legend(figure, series, spare[0] if len(spare) else None)
    censored = any(_is_censored(each, metric, target) for each in series for metric in metrics)
    note(figure, BARS + NEVER * censored)
    return figure


def _panel(axes: Axes, series: list[Series], metric: Metric, target: float) -> None:
    offsets = _offsets(series)
    for number, each in enumerate(series):
        _line(axes, each, metric, target, number, offsets[number])
    name(axes, "realised density", metric.title(target))
    at = [setting.density for each in series for setting in each.settings]
    axes.set_xlim(max(min(at) - 0.1, 0), min(max(at) + 0.1, 1))
    _fit(axes, series, metric, target)


def _line(axes: Axes, each: Series, metric: Metric, target: float, number: int, offset: float) -> None:
    settings = sorted(each.settings, key=lambda setting: setting.density)
    x = np.array([setting.density for setting in settings]) + offset
    spreads = [metric.spread(setting, target) for setting in settings]
    whole = np.array([spread.reached == len(spread.values) > 0 for spread in spreads])
    mean = np.array([metric.least(setting, target) for setting in settings])
    half = np.array([spread.half for spread in spreads])
    style = look(number) | {"markersize": 4, "linewidth": 1.2}
    axes.plot(x, np.where(np.isfinite(mean), mean, np.nan), **style | {"marker": ""})
    axes.errorbar(x[whole], mean[whole], yerr=half[whole], capsize=2, elinewidth=1, **style | {"linestyle": ""})
    _bounds(axes, x[~whole], mean[~whole], style["color"], style["marker"])


def _bounds(axes: Axes, x: Reals, least: Reals, colour: str, marker: str) -> None:
    """What was not reached by all seeds: a hollow marker with an arrow up; a cross at the upper edge for no bound."""
    known = np.isfinite(least)
    axes.plot(x[known], least[known], marker, color=colour, markerfacecolor="white", markersize=4, zorder=3)
    for at, value in zip(x[known], least[known], strict=True):
        axes.annotate(
            "",
            (at, value),
            (0, 11),
            textcoords="offset points",
            arrowprops={"arrowstyle": "<-", "color": colour, "lw": 1},
        )
    wild = np.isinf(least)
    axes.plot(x[wild], np.full(wild.sum(), 0.98), "x", color=colour, transform=axes.get_xaxis_transform(), markersize=5)


def _fit(axes: Axes, series: list[Series], metric: Metric, target: float) -> None:
    """Show every mean; an interval of few seeds may be longer than all else, and is then cut off."""
    means = [metric.least(setting, target) for each in series for setting in each.settings]
    shown = np.array([value for value in means if np.isfinite(value)])
    if not len(shown):
        none(axes, "never reached" if metric.to_target else "nothing measured")
        return
    if metric.to_target and shown.min() > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(shown.min() / 1.5, shown.max() * 1.9)
    else:
        room = 0.15 * (np.ptp(shown) or 0.1)
        axes.set_ylim(max(shown.min() - room, 0), min(shown.max() + room, 1) if shown.max() <= 1 else None)
        axes.yaxis.set_major_locator(MaxNLocator(5))


def _is_censored(each: Series, metric: Metric, target: float) -> bool:
    spreads = [metric.spread(setting, target) for setting in each.settings]
    return metric.to_target and any(spread.reached < len(spread.values) for spread in spreads)


def _offsets(series: list[Series]) -> Reals:
    """Sideways, so that intervals at one density stand beside each other: over a third of the way to the next."""
    at = sorted(setting.density for each in series for setting in each.settings)
    gaps = [right - left for left, right in pairwise(at) if right - left > 0.04]
    width = min([0.15, *gaps]) / 3
    return np.linspace(-width, width, len(series)) / 2 if len(series) > 1 else np.zeros(1)
