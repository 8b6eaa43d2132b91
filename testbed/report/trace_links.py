"""Panels of a trace's nodes and links: degrees, quality, both directions, and places."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from testbed.report.style import COLOURS, Reals, name, none, title
from testbed.report.trace_times import logarithmic
from testbed.trace import NodeRows, Trace
from testbed.trace.inspect import Statistics
from testbed.trace.inspect.spans import Spans, bounds_ns
from testbed.trace.inspect.statistics import ccdf

BINS = 20
MARKED = 2000
"""Different points up to which each is drawn; of more, how many rows fall where."""

RARE = 0.02
"""Share of the largest number of others below which the least degree is nothing on a linear scale."""

GREY = "#777777"


def degree(axes: Axes, _: Trace, found: Statistics) -> None:
    """Share of the nodes that have at least so many others: linked at a time, and ever linked."""
    if not found.peers.any():
        none(axes, "no links")
        return
    for values, colour, style, label in (
        (found.degrees, COLOURS[0], "-", "at a time"),
        (found.peers.astype(float), COLOURS[1], "--", "ever linked"),
    ):
        x, share = ccdf(values)
        axes.step([0, *x], [1, *share], where="pre", color=colour, ls=style, lw=1.4, label=label)
    axes.set_ylim(0, 1.05)
    if found.degrees[found.degrees > 0].min() < RARE * found.peers.max():
        axes.set_xlim(left=float(found.degrees[found.degrees > 0].min()))
        logarithmic(axes)
    axes.legend(loc="best")
    name(axes, "other nodes x", "share of nodes with ≥ x")
    title(axes, f"mean degree {found.degrees.mean():.3g}")


def quality(axes: Axes, trace: Trace, _: Statistics) -> None:
    """How many rows of links have such a share delivered."""
    if not len(trace.links):
        none(axes, "no links")
        return
    axes.hist(trace.links.delivery, np.linspace(0, 1, BINS + 1).tolist(), color=COLOURS[0])
    axes.set_xlim(0, 1)
    name(axes, "delivery of a link", "link rows")
    title(axes, f"mean delivery {trace.links.delivery.mean():.3g}")


def asymmetry(axes: Axes, _: Trace, found: Statistics) -> None:
    """Delivery of each link against that of the other direction at the same time."""
    both = np.isfinite(found.asymmetry.reverse)
    if not both.any():
        none(axes, "no link with its reverse" if len(both) else "no links")
        return
    there, back = found.asymmetry.delivery[both], found.asymmetry.reverse[both]
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    # To three digits, as many links are as good as each other.
    points = np.unique(np.round(1000 * there) * 1001 + np.round(1000 * back))
    if len(points) <= MARKED:
        axes.plot(points // 1001 / 1000, points % 1001 / 1000, "o", color=COLOURS[0], ms=3, alpha=0.5, mew=0)
    else:
        drawn = axes.hexbin(there, back, gridsize=25, extent=(0, 1, 0, 1), bins="log", cmap="cividis", mincnt=1, lw=0.2)
        axes.figure.colorbar(drawn, cax=axes.inset_axes((1.05, 0, 0.06, 1)), label="link rows")
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_aspect("equal")
    name(axes, "delivery there", "delivery back")
    one_way = f"{100 * found.asymmetry.one_way:.1f} % one-way"
    title(axes, f"{one_way}, mean difference {found.asymmetry.difference:.2g}")


def places(axes: Axes, trace: Trace, _: Statistics) -> None:
    """Where each node is first known to be, its way from there, and the links of the first instant."""
    if not placed(trace):
        none(axes, "no places known")
        return
    first, ways = _ways(trace.nodes, trace.header.nodes)
    if trace.header.network.get("mobility") == "redraw":
        ways = []  # nobody went from one place to the next
    size, unit = (1000, "km") if np.nanmax(first) - np.nanmin(first) > 10_000 else (1, "m")
    first, ways = first / size, [way / size for way in ways]
    axes.add_collection(LineCollection(ways, colors=COLOURS[5], lw=0.6, alpha=0.6, gid="ways"))
    axes.add_collection(LineCollection(list(first[_first_links(trace)]), colors=GREY, lw=0.5, alpha=0.5, gid="links"))
    axes.plot(*first.T, "o", color=COLOURS[0], ms=3.5, mew=0)
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(visible=False)
    name(axes, f"x ({unit})", f"y ({unit})")
    title(axes, "places and links at first" + ", and the ways from there" * bool(ways))


def placed(trace: Trace) -> bool:
    """Whether the place of any node is known."""
    return bool((np.isfinite(trace.nodes.x_m) & np.isfinite(trace.nodes.y_m)).any())


def _ways(nodes: NodeRows, count: int) -> tuple[Reals, list[Reals]]:
    """(nodes, 2) first known places, NaN where there is none; and the ways of those that move."""
    known = np.flatnonzero(np.isfinite(nodes.x_m) & np.isfinite(nodes.y_m))
    order = known[np.lexsort((nodes.t_ns[known], nodes.node[known]))]
    where = np.column_stack([nodes.x_m, nodes.y_m])[order]
    edges = np.searchsorted(nodes.node[order], np.arange(count + 1))
    first = np.full((count, 2), np.nan)
    some = edges[:-1] < edges[1:]
    first[some] = where[edges[:-1][some]]
    ways = [where[edges[node] : edges[node + 1]] for node in np.flatnonzero(some)]
    return first, [way for way in ways if (way != way[0]).any()]


def _first_links(trace: Trace) -> np.ndarray:
    """(links, 2) of the contacts that hold when the trace begins."""
    contacts, bounds = Spans.contacts(trace.links), bounds_ns(trace)
    now = contacts.start_ns == (bounds[0] if bounds else 0)
    return np.column_stack([contacts.src[now], contacts.dst[now]]).astype(np.intp)
