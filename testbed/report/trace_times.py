"""Panels of a trace over time, and of how long things last."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from testbed.report.style import COLOURS, Reals, name, none, title
from testbed.trace import Trace
from testbed.trace.inspect import Statistics
from testbed.trace.inspect.spans import Ints
from testbed.trace.inspect.statistics import ccdf

BINS, POINTS = 500, 1000
"""Steps of a line over time, and of a distribution, beyond which no print shows more."""

UNITS = ((2 * 86400.0, 86400.0, "days"), (2 * 3600.0, 3600.0, "h"), (0.0, 1.0, "s"))
"""From so many seconds on, what one unit has, and its name."""

ZOOM = 0.3
"""Densities that never exceed it get a scale of their own."""


def density(axes: Axes, _: Trace, found: Statistics) -> None:
    """Density over time: of each round, or, where it changes too often for a print, means over equal times."""
    edges, values = found.density
    if not len(values):
        none(axes, "no links")
        return
    edges, values = _binned(edges, values)
    axis = _stairs(axes, edges, values)
    top = float(values.max())
    axes.set_ylim(0, 1.02 if top > ZOOM else 1.15 * (top or 1))
    name(axes, axis, "density")
    title(axes, f"mean density {found.density_mean:.3g}")


def connectivity(axes: Axes, _: Trace, found: Statistics) -> None:
    """Share of the nodes in the largest component of each round or window."""
    net = found.connectivity
    if not len(net.largest_share):
        none(axes, "no links")
        return
    axis = _stairs(axes, _step_edges(found), net.largest_share)
    axes.set_ylim(0, 1.05)
    name(axes, axis, "share of nodes in the\nlargest component")
    title(axes, f"{net.largest} of {found.nodes} nodes in that of the union of all")


def window(axes: Axes, _: Trace, found: Statistics) -> None:
    """How many rounds or windows, counted back from each, have a connected union."""
    net, step = found.connectivity, "rounds" if found.window_s is None else f"windows of {found.window_s:,.9g} s"
    known = np.isfinite(net.needed)
    if net.window is None:
        none(axes, f"not even the union of all is connected:\n{net.components} components")
        return
    axis = _stairs(axes, _step_edges(found), np.where(known, net.needed, np.nan))
    axes.set_ylim(0, 1.1 * float(net.needed[known].max()))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.axhline(net.window or 0, color=COLOURS[1], ls="--", lw=1, gid="smallest window")
    name(axes, axis, f"{step}\nuntil connected")
    title(axes, "each is connected" if net.window == 1 else f"every {net.window} together are connected")


def contacts(axes: Axes, _: Trace, found: Statistics) -> None:
    """Share of the contacts, and of the times between those of a pair, that last at least so long."""
    drawn = [
        _distribution(axes, found.contact_s, COLOURS[0], "-", "contact"),
        _distribution(axes, found.inter_contact_s, COLOURS[1], "--", "inter-contact"),
    ]
    if not any(drawn):
        none(axes, "no contact whose length is known")
        return
    axes.legend(loc="best")
    name(axes, "time x (s)", "share that lasts ≥ x")
    title(axes, f"{found.contacts:,} contacts of {found.pairs:,} pairs")


def delay(axes: Axes, _: Trace, found: Statistics) -> None:
    """Share of the messages that arrived which took at least so long."""
    if not _distribution(axes, found.delays_s, COLOURS[0], "-", "delay"):
        none(axes, "no message arrived" if len(found.delays_s) else "no messages")
        return
    name(axes, "delay x (s)", "share that takes ≥ x")
    title(axes, f"{found.delivered:.1%} of {len(found.delays_s):,} delivered".replace("%", " %"))


def _distribution(axes: Axes, values: Reals, colour: str, style: str, label: str) -> bool:
    """On two logarithmic scales, so without what lasted no time; whether there is anything to draw."""
    x, share = ccdf(values)
    x, share = x[x > 0], share[x > 0]
    if not len(x):
        return False
    if len(x) > POINTS:
        # The values next above so many evenly spread on the logarithmic scale.
        at = np.unique(np.searchsorted(x, np.geomspace(x[0], x[-1], POINTS)).clip(max=len(x) - 1))
        x, share = x[at], share[at]
    # The share stays until the value itself.
    axes.step(x, share, where="pre", color=colour, ls=style, lw=1.4, label=label, marker="o" * (len(x) < 3), ms=3)
    axes.set_yscale("log")
    axes.set_ylim(bottom=min(0.1, axes.get_ylim()[0]))
    logarithmic(axes)
    return True


def logarithmic(axes: Axes) -> None:
    """A logarithmic scale along x, with plain numbers where it is short."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    if high < 100 * low:
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        axes.xaxis.set_minor_formatter("{x:g}")


def _step_edges(found: Statistics) -> Ints:
    """Nanoseconds at which rounds or windows begin, and the last one ends."""
    edges, _ = found.density
    if found.window_s is None:
        return edges
    count = len(found.connectivity.needed) + 1
    return np.asarray(np.minimum(edges[0] + np.arange(count) * round(found.window_s * 1e9), edges[-1]), np.int64)


def _stairs(axes: Axes, edges: Ints, values: Reals) -> str:
    """Draw them against the time since the first; the label of that axis."""
    since = (edges - edges[0]) / 1e9
    _, size, unit = next(each for each in UNITS if since[-1] >= each[0])
    # A snapshot lasts no time: it is drawn as a level.
    shown = since / size if since[-1] > 0 else np.array([0.0, 1.0])
    axes.stairs(values, shown, baseline=None, color=COLOURS[0], lw=1.2)
    axes.set_xlim(0, float(shown[-1]))
    if since[-1] == 0:
        axes.set_xticks([])
        return "one instant"
    return f"time since the beginning ({unit})"


def _binned(edges: Ints, values: Reals) -> tuple[Ints, Reals]:
    """Means over BINS equal times, if there are more values."""
    if len(values) <= BINS:
        return edges, values
    area = np.concatenate([[0.0], np.cumsum(values * np.diff(edges))])
    fresh = np.linspace(edges[0], edges[-1], BINS + 1).astype(np.int64)
    return fresh, np.diff(np.interp(fresh - edges[0], edges - edges[0], area)) / np.diff(fresh)
