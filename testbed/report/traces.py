"""The figures of a trace: one panel for each statistic, two side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from testbed.errors import UserError
from testbed.report import trace_links, trace_times
from testbed.report.style import STYLE, save
from testbed.trace import Trace
from testbed.trace.inspect import Statistics, statistics

WIDTH, HEIGHT, COLUMNS = 7.2, 2.35, 2
"""Inches of a page's text, of a row of panels, and panels side by side."""

MAP_HEIGHT = 3.4
"""Of a row with a map, which has one scale both ways."""

Panel = Callable[[Axes, Trace, Statistics], None]
PANELS: dict[str, Panel] = {
    "density": trace_times.density,
    "degree": trace_links.degree,
    "contacts": trace_times.contacts,
    "connectivity": trace_times.connectivity,
    "window": trace_times.window,
    "quality": trace_links.quality,
    "asymmetry": trace_links.asymmetry,
    "delay": trace_times.delay,
    "map": trace_links.places,
}


def plot_trace(trace: Trace, out: Path, what: Sequence[str] | None = None, window_s: float | None = None) -> str:
    """Draw `what` of a trace (names of PANELS; by default those of which it knows something) into `out`.

    A line that says what was drawn. Raises UserError for an unknown panel, window or file ending.
    """
    unknown = [name for name in what or () if name not in PANELS]
    if unknown:
        raise UserError(f"{', '.join(unknown)} is no part of this figure: choose of {', '.join(PANELS)}.")
    found = statistics(trace, window_s)
    chosen = what or _known(trace, found)
    with mpl.rc_context(STYLE):
        save(compose(trace, found, chosen), out)
    return f"{out}: {', '.join(chosen)} of {found.nodes:,} nodes with {found.contacts:,} contacts."


def compose(trace: Trace, found: Statistics, what: Sequence[str]) -> Figure:
    """The figure, panel beside panel."""
    columns = min(COLUMNS, len(what))
    rows = [what[first : first + columns] for first in range(0, len(what), columns)]
    heights = [MAP_HEIGHT if "map" in row else HEIGHT for row in rows]
    figure = Figure(figsize=(WIDTH if columns > 1 else WIDTH / 1.5, sum(heights)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    for axes, name in zip(grid.flat, what, strict=False):
        axes.set_gid(name)
        PANELS[name](axes, trace, found)
    for axes in grid.flat[len(what) :]:
        axes.set_visible(False)
    return figure


def _known(trace: Trace, found: Statistics) -> list[str]:
    """All panels but those of which a trace like this one has nothing."""
    empty = {"delay": not len(found.delays_s), "map": not trace_links.placed(trace)}
    return [name for name in PANELS if not empty.get(name)]
