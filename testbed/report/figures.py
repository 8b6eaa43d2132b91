"""Figures of what runs learned, each with its table: against density, rounds, time and bytes; devices; adapters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from testbed.errors import UserError
from testbed.report import adapters, density, devices, progress
from testbed.report.metrics import ACCURACY, Metric, chosen, common_target
from testbed.report.outputs import files_of, write
from testbed.report.paired import Difference, differences
from testbed.report.series import DENSITY, RANKS, Series, gather
from testbed.report.style import STYLE
from testbed.report.words import caption, differing, headline

Draw = Callable[[list[Series], list[Metric], float], Figure]


@dataclass(frozen=True)
class Kind:
    """A figure."""

    title: str
    draw: Draw
    joined: tuple[str, ...] = ()
    """Keys along the horizontal axis: a series has one point for each."""
    partial: bool = True
    """Whether it says something of runs that are not finished."""
    own: tuple[Metric, ...] = ()
    """What the table has beside the usual measures."""


KINDS = {
    "density": Kind("Convergence against connectivity density", density.draw, DENSITY, partial=False),
    "rounds": Kind("Accuracy against rounds", progress.draw_rounds),
    "time": Kind("Accuracy against simulated time and messages", progress.draw_time),
    "devices": Kind("Accuracy of the devices", devices.draw, own=devices.METRICS),
    "lora": Kind("Accuracy against messages and ranks", adapters.draw, RANKS, own=adapters.METRICS),
}


def plot(
    kind: str,
    folders: Sequence[Path],
    out: Path | Sequence[Path],
    target: float | None = None,
    metrics: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> str:
    """Draw the figure `kind` (one of KINDS) of the runs in `folders` into `out`, and its table; returns what to say.

    `folders`: run directories, sweeps, folders of runs. `out`: files, by their endings figures (.png, .svg, .pdf) and
    tables (.md, .csv, .tex); one without an ending stands for all but the .pdf. `target`: accuracy to reach.
    `metrics`: what is drawn against density. `groups`: keys of the scenario that tell series apart, by default the
    algorithm. Raises UserError where there is nothing to draw, or what there is cannot be held against each other.
    """
    files, of = files_of(out), KINDS[kind]
    if target is not None and not 0 < target <= 1:
        raise UserError(f"--target {target:g} should be an accuracy above 0 and at most 1.")
    series, notes = gather(folders, groups, of.joined, of.partial)
    target = common_target(series) if target is None else target
    drawn = chosen(metrics, series)
    shown = [*of.own, *(metric for metric in drawn if metric not in of.own)]
    with mpl.rc_context(STYLE):
        figure = of.draw(series, drawn, target)
        found = {metric.name: differences(series, metric, target) for metric in shown}
        about = [of.title, caption(series, target), *notes]
        write(figure, files, about, series, shown, target, found)
    told = [f"{', '.join(map(str, files))}: {headline(series, target)}", *notes]
    return "\n".join([*told, *differing(series, _first(shown), found)])


def _first(metrics: list[Metric]) -> Metric:
    """What the differences that are printed are of."""
    return ACCURACY if ACCURACY in metrics else metrics[0]


__all__ = ["KINDS", "Difference", "Kind", "plot"]
