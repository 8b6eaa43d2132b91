"""What the theory speaks of: consensus, the graph's gap, the size of the weights; and HyperPrism's powers."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from testbed.errors import UserError
from testbed.report.series import Series, gather
from testbed.report.style import COLOURS, STYLE, Reals, band, name, plain, save, title
from testbed.results import Run

PANELS = {
    "consensus_distance": "consensus distance",
    "spectral_gap": "spectral gap",
    "mean_size": "mean |w|",
    "small_share": "share of |w| <= .01",
}
PREFIX = "p_"
"""Of the columns of a power, one for each part of the model."""


def plot_theory(folders: list[Path], out: Path) -> str:
    """Draw consensus distance, spectral gap, mean |w| and the share of |w| <= .01 of runs against rounds into `out`.

    Returns a line that says so. Raises UserError for folders that hold no run.
    """
    series, _ = gather(folders)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 5), layout="constrained")
        panels = figure.subplots(2, 2).flat
        for axes, (column, words) in zip(panels, PANELS.items(), strict=True):
            _panel(axes, series, column)
            name(axes, "round", words)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, [plain(each) for each in labels], loc="outside upper center", ncols=min(len(labels), 4))
        save(figure, out)
    return f"{out}: {sum(len(each.runs) for each in series)} runs in {len(series)} series."


def plot_powers(folders: list[Path], out: Path) -> str:
    """Draw the p of every device over the rounds, a thin line each, and their mean into `out`: a row for each run, a
    column for each part of the model. Returns a line that says so. Raises UserError for runs without powers.
    """
    powers = {folder: _powers(folder) for folder in dict.fromkeys(folders)}
    parts = list(dict.fromkeys(part for each in powers.values() for part in each))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.5 * len(parts), 2.8 * len(powers)), layout="constrained")
        rows = figure.subplots(len(powers), len(parts), squeeze=False, sharex=True)
        for axes, (folder, found) in zip(rows, powers.items(), strict=True):
            for each, part in zip(axes, parts, strict=True):
                title(each, f"{folder.name}: {part}" if len(powers) > 1 else part)
                name(each, "round", "p")
                if part in found:
                    _lines(each, found[part])
        save(figure, out)
    return f"{out}: p of {', '.join(parts)} in {len(powers)} run{'s' * (len(powers) > 1)}."


def _panel(axes: Axes, series: list[Series], column: str) -> None:
    values = [each.column(column) for each in series]
    for each, found in zip(series, values, strict=True):
        label = f"{each.label}, n={len(found)}" if len(found) > 1 else each.label
        band(axes, np.arange(1.0, found.shape[1] + 1), found, label=label, linewidth=1.4)
    if column == "consensus_distance" and all((found > 0).all() for found in values):
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _powers(folder: Path) -> dict[str, Reals]:
    """(rounds, devices) for each part."""
    run = Run(folder)
    devices = run.devices
    found = {column.removeprefix(PREFIX): values for column, values in devices.items() if column.startswith(PREFIX)}
    if not found:
        raise UserError(f"{folder} has no powers that change: only HyperPrism chooses them.")
    rounds = len(run.rounds["round"])
    return {part: values.reshape(-1, len(values) // rounds)[:rounds] for part, values in found.items()}


def _lines(axes: Axes, p: Reals) -> None:
    rounds = np.arange(1, len(p) + 1)
    axes.plot(rounds, p, color=COLOURS[0], linewidth=0.5, alpha=0.5)
    axes.plot(rounds, p.mean(1), color=COLOURS[1], linewidth=2.2)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
