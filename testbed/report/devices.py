"""How far devices are from each other: the mean, quantiles and the worst of their accuracies over the rounds."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from testbed.errors import UserError
from testbed.report.legend import seeds
from testbed.report.members import Member
from testbed.report.metrics import Metric
from testbed.report.series import Series, stacked
from testbed.report.spread import Reals
from testbed.report.style import COLUMN, PAGE, look, note, title
from testbed.results import Run

LEVELS = (0.0, 0.1, 0.25, 0.75, 0.9)
WORST, LOW, LOWER, UPPER, HIGH = range(len(LEVELS))
ROW = 3


def draw(series: list[Series], _: list[Metric], __: float) -> Figure:
    """A panel for each series: quantiles over devices, means of them over seeds."""
    columns = 2 if len(series) == ROW + 1 else min(len(series), ROW)
    rows = -(-len(series) // columns)
    width = COLUMN if columns == 1 else PAGE
    figure = Figure(figsize=(width, 1.9 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for number, (axes, each) in enumerate(zip(panels.ravel(), series, strict=False)):
        _panel(axes, each, number)
    for axes in panels.ravel()[len(series) :]:
        axes.set_axis_off()
    for axes in panels.ravel()[max(len(series) - columns, 0) : len(series)]:
        axes.set_xlabel("round")
        axes.tick_params(labelbottom=True)
    for axes in panels[:, 0]:
        axes.set_ylabel("accuracy of a device")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2 if columns == 1 else len(labels))
    note(figure, "of the devices of a run, means over seeds")
    return figure


def _panel(axes: Axes, each: Series, number: int) -> None:
    members = each.settings[0].members
    found = [quantiles(member) for member in members if len(member.curve.accuracy)]
    if not found:
        return
    mean = stacked([member.curve.accuracy for member in members if len(member.curve.accuracy)]).mean(0)
    levels = stacked([level.T for level in found]).mean(0).T
    rounds = np.arange(1, len(mean) + 1)
    seen, colour = np.isfinite(mean), look(number)["color"]
    x, mean, levels = rounds[seen], mean[seen], levels[:, seen]
    axes.fill_between(x, levels[LOW], levels[HIGH], color=colour, alpha=0.15, linewidth=0, label="10 to 90 %")
    axes.fill_between(x, levels[LOWER], levels[UPPER], color=colour, alpha=0.3, linewidth=0, label="25 to 75 %")
    axes.plot(x, mean, color=colour, linewidth=1.3, label="mean")
    axes.plot(x, levels[WORST], color=colour, linewidth=0.9, linestyle="--", label="worst device")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    title(axes, f"{each.label} ({seeds(each)})")


def accuracies(member: Member) -> Reals:
    """(rounds, devices); NaN in rounds that were not evaluated. Raises UserError where devices have none."""
    devices = Run(member.folder).devices
    if "accuracy" not in devices:
        raise UserError(f"{member.folder} is of another version of testbed: its devices have no accuracy.")
    count = int(devices["device"].max()) + 1
    return np.asarray(devices["accuracy"].reshape(-1, count)[: len(member.curve.accuracy)])


def quantiles(member: Member) -> Reals:
    """(levels, rounds) over devices, at LEVELS."""
    return np.asarray(np.quantile(accuracies(member), LEVELS, axis=1))


def _at_end(level: float | None, member: Member, _: float) -> float:
    """In the last round that was evaluated."""
    found = accuracies(member)
    found = found[np.isfinite(found).all(1)]
    if not len(found):
        return float("nan")
    return float(found[-1].mean() if level is None else np.quantile(found[-1], level))


def _known(member: Member) -> bool:
    return bool(len(member.curve.accuracy))


METRICS = tuple(
    Metric(key, words, "", partial(_at_end, level), known=_known)
    for key, words, level in (
        ("last", "last accuracy, mean", None),
        ("worst", "last accuracy, worst device", 0.0),
        ("tenth", "last accuracy, 10 % of devices below", 0.1),
        ("ninetieth", "last accuracy, 90 % of devices below", 0.9),
    )
)
