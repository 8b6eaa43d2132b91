"""Drawing a round's devices and links as a map."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from testbed.exchange import Exchange
from testbed.report.places import Graph
from testbed.report.recording import Reals
from testbed.report.style import COLOURS

BLUE, ORANGE, GREY = COLOURS[0], COLOURS[1], "#777777"
NUMBERED = 30
"""Devices up to which each bears its number."""


@dataclass(frozen=True)
class Kind:
    """How devices in one condition are drawn."""

    label: str
    marker: str
    face: str
    edge: str


KINDS = {
    "linked": Kind("device", "o", BLUE, BLUE),
    "isolated": Kind("no link in this round", "s", ORANGE, ORANGE),
    "partly": Kind("away for part of the round", "o", "white", BLUE),
    "away": Kind("away all the round", "D", "white", GREY),
}


def conditions(exchange: Exchange, graph: Graph) -> NDArray[np.str_]:
    """(devices,): the key of KINDS for each."""
    devices = exchange.devices
    lasted = exchange.closed_ns - exchange.opened_ns
    linked = np.where(graph.linked(len(devices)), "linked", "isolated")
    here = np.where(devices.away_ns > 0, "partly", linked)
    return np.where((devices.away_ns >= lasted) & (devices.away_ns > 0), "away", here)


def draw_links(axes: Axes, where: Reals, graph: Graph) -> None:
    """Two-way links as lines; one-way ones dashed, with a head towards the one that hears."""
    crowd = max(0.25, min(1.0, 60 / max(len(graph.two_way), 1)))
    lines = LineCollection(
        list(where[graph.two_way]),
        colors=GREY,
        linewidths=0.3 + 0.5 * crowd,
        alpha=0.25 + 0.45 * crowd,
        zorder=1,
        gid="two-way",
    )
    axes.add_collection(lines)
    dashes = LineCollection(
        list(where[graph.one_way]), colors=ORANGE, linewidths=0.9, linestyles=(0, (4, 2)), zorder=2, gid="one-way"
    )
    axes.add_collection(dashes)
    if len(graph.one_way):
        _heads(axes, where[graph.one_way[:, 0]], where[graph.one_way[:, 1]])


def _heads(axes: Axes, start: Reals, end: Reals) -> None:
    """Arrow heads on the way from `start` to `end`, of one size whatever the scale."""
    at, along = start + 0.62 * (end - start), end - start
    unit = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
    shape: Any = {"width": 0.01, "headwidth": 8, "headlength": 10, "headaxislength": 10, "minlength": 0}
    axes.quiver(
        *at.T, *unit.T, angles="xy", units="inches", scale_units="inches", scale=10, color=ORANGE, zorder=3, **shape
    )


def draw_devices(axes: Axes, where: Reals, kinds: NDArray[np.str_], larger: float = 1.0) -> list[Artist]:
    """A marker for each device, and its number where there are few; `larger` than in print for a screen."""
    few, drawn = len(where) <= NUMBERED, list[Artist]()
    size = 62 if few else float(np.clip(1500 / len(where), 2, 14))
    for name, kind in KINDS.items():
        at = where[kinds == name]
        if len(at):
            look: Any = {"marker": kind.marker, "c": kind.face, "edgecolors": kind.edge, "gid": name}
            drawn.append(axes.scatter(at[:, 0], at[:, 1], size * larger, zorder=4, **look))
    for device, (x, y) in enumerate(where if few else ()):
        pale = KINDS[str(kinds[device])].face == "white"
        centred: Any = {"ha": "center", "va": "center_baseline", "color": "black" if pale else "white"}
        drawn.append(axes.text(x, y, str(device), size=5.5 * larger**0.5, zorder=5, **centred))
    return drawn


def frame(axes: Axes, low: Reals, high: Reals) -> None:
    """One scale for both directions, and no grid behind the links."""
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("#cccccc")


def handles(kinds: set[str], graphs: list[Graph]) -> list[Line2D]:
    """Legend entries for what occurs."""
    marks = [
        Line2D([], [], ls="", marker=kind.marker, mfc=kind.face, mec=kind.edge, label=kind.label)
        for name, kind in KINDS.items()
        if name in kinds
    ]
    if any(len(each.two_way) for each in graphs):
        marks.append(Line2D([], [], color=GREY, lw=0.8, label="link"))
    if any(len(each.one_way) for each in graphs):
        marks.append(
            Line2D([], [], color=ORANGE, lw=0.9, ls=(0, (4, 2)), marker=">", ms=4, label="one-way link, to who hears")
        )
    return marks
