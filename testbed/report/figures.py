"""The figures: accuracy against rounds, against time and bytes, and against connectivity density."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.report.series import Series, gather
from testbed.report.style import COLOURS, MARKERS, STYLE, band, save

REFERENCE, SHARE = "D-PSGD", 0.95
"""The target where none is given: this share of the lowest best accuracy of D-PSGD, or of all where it did not run."""

WIDE = 6.0
"""Inches from which on a figure has two axes side by side."""


def plot(kind: str, folders: list[Path], out: Path, target: float | None = None) -> str:
    """Draw the figure `kind` (rounds, time or density) of the runs in `folders` into `out`; a line that says so.

    Raises UserError for folders that hold no run, or no evaluated round.
    """
    series = gather(folders)
    for each in series:
        if not np.isfinite(each.column("accuracy_mean")).any():
            raise UserError(f"{each.runs[0].folder} has no evaluated round yet.")
    with mpl.rc_context(STYLE):
        figure, told = {"rounds": _rounds, "time": _time, "density": _density}[kind](series, target)
        save(figure, out)
    return f"{out}: {told}"


def _rounds(series: list[Series], _: float | None) -> tuple[Figure, str]:
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    for each in series:
        accuracy = each.column("accuracy_mean")
        _line(axes, np.arange(1, accuracy.shape[1] + 1), accuracy, each.label)
    _name(axes, "round", "accuracy, mean over devices")
    _legend(figure, axes)
    return figure, f"{_count(series)}."


def _time(series: list[Series], _: float | None) -> tuple[Figure, str]:
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    by_time, by_bytes = figure.subplots(1, 2, sharey=True)
    for each in series:
        accuracy = each.column("accuracy_mean")
        _line(by_time, each.column("closed_ns").mean(0) / 1e9, accuracy, each.label)
        _line(by_bytes, each.column("bytes").cumsum(1).mean(0) / 1e6, accuracy, each.label)
    _name(by_time, "simulated time (s)", "accuracy, mean over devices")
    _name(by_bytes, "message bytes of all devices (MB)", "")
    _legend(figure, by_time)
    return figure, f"{_count(series)}."


def _density(series: list[Series], target: float | None) -> tuple[Figure, str]:
    """A point for each scenario; lines join those of one algorithm."""
    wanted = _common_target(series) if target is None else target
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    best, seconds = figure.subplots(1, 2)
    names = list(dict.fromkeys(each.algorithm for each in series))
    for number, name in enumerate(names):
        points = sorted((each for each in series if each.algorithm == name), key=lambda each: each.density)
        density = np.array([each.density for each in points])
        _points(best, density, [each.best() for each in points], name, number)
        _points(seconds, density, [each.seconds_to(wanted) for each in points], name, number)
    for axes in (best, seconds):
        axes.set_xlim(0, 1)
    _name(best, "realised connectivity density", "best accuracy")
    _name(seconds, "realised connectivity density", f"simulated seconds to accuracy {wanted:.3f}")
    _legend(figure, best)
    never = sum(int(np.isnan(each.seconds_to(wanted)).sum()) for each in series)
    return figure, f"{_count(series)}, target accuracy {wanted:.3f}, which {never} of the runs never reached."


def _common_target(series: list[Series]) -> float:
    references = [each for each in series if each.algorithm == REFERENCE] or series
    return SHARE * min(float(each.best().min()) for each in references)


def _line(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], label: str) -> None:
    band(axes, x, y, label=f"{label}, n={len(y)}" if len(y) > 1 else label, linewidth=1.4)


def _points(axes: Axes, x: NDArray[np.float64], values: list[NDArray[np.float64]], label: str, number: int) -> None:
    """Mean and standard deviation over seeds, of those that have a value."""
    found = [value[np.isfinite(value)] for value in values]
    mean = [float(value.mean()) if len(value) else np.nan for value in found]
    spread = [float(value.std()) if len(value) else np.nan for value in found]
    style: Any = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
    axes.errorbar(x, mean, yerr=spread, label=label, markersize=5, capsize=2, linewidth=1.4, **style)


def _name(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _legend(figure: Figure, axes: Axes) -> None:
    """Above the axes, where it hides no line."""
    handles, labels = axes.get_legend_handles_labels()
    columns = min(len(labels), 3 if figure.get_figwidth() > WIDE else 2)
    figure.legend(handles, labels, loc="outside upper center", ncols=columns)


def _count(series: list[Series]) -> str:
    runs = sum(len(each.runs) for each in series)
    return f"{runs} run{'s' * (runs != 1)} in {len(series)} series"
