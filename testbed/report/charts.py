"""The charts beside the maps: density and durations over time, delays, and what each device spent."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D

from testbed.report.delays import Delays
from testbed.report.recording import Reals, Recording
from testbed.report.style import COLOURS, name, none

BARS = 40
"""Devices up to which each has its own mark; beyond, a line and a band over the sorted devices."""


MARKED = 60
"""Rounds up to which each has a mark."""

ZOOM = 0.3
"""Densities that never exceed it get a scale of their own."""


def over_time(figure: SubFigure, recording: Recording, delays: Delays) -> None:
    """Density, and seconds: how long each round took, and the delays of its deliveries."""
    density, seconds = figure.subplots(1, 2)
    edges = recording.edges_s()
    densities = recording.trace.densities()
    density.stairs(densities, edges, baseline=None, color=COLOURS[0], linewidth=1.4, clip_on=False)
    top = float(densities.max()) or 1.0
    density.set_ylim(0, 1.02 if top > ZOOM else 1.5 * top)
    name(density, "simulated time (s)", "density")
    lasted = [(each.closed_ns - each.opened_ns) / 1e9 for each in recording.exchanges]
    seconds.stairs(lasted, edges, baseline=None, color=COLOURS[0], linewidth=1.4, label="round")
    middle = [(each.closed_ns + each.opened_ns) / 2e9 for each in recording.exchanges]
    median, late = _by_round(delays, len(lasted))
    if np.isfinite(median).any():
        look: Any = {"lw": 1, "ms": 3 if len(lasted) <= MARKED else 0}
        seconds.plot(middle, median, "o-", color=COLOURS[1], label="median delay", **look)
        seconds.plot(middle, late, "^:", color=COLOURS[2], label="95 % of delays below", **look)
    seconds.set_ylim(0, 1.08 * max(np.nanmax([*lasted, *late]), 1e-9))
    name(seconds, "simulated time (s)", "seconds")
    _above(seconds)


def _by_round(delays: Delays, rounds: int) -> tuple[list[float], list[float]]:
    """Median and 95th percentile of the delays of each round; NaN where nothing arrived."""
    found = [delays.whole_s[(delays.round_ == round_) & np.isfinite(delays.whole_s)] for round_ in range(rounds)]
    quantiles = [np.quantile(each, [0.5, 0.95]) if len(each) else np.full(2, np.nan) for each in found]
    return [float(each[0]) for each in quantiles], [float(each[1]) for each in quantiles]


def delay_distribution(figure: SubFigure, delays: Delays) -> None:
    """Share of all deliveries, the lost ones among them, that took at most so long: it ends at the arrived share."""
    axes = figure.subplots()
    name(axes, "delay (s)", "share of all deliveries")
    axes.set_ylim(0, 1.02)
    if not len(delays.cause):
        none(axes, "no deliveries: nobody had a neighbour to send to")
        return
    if delays.arrived.any():
        _distribution(axes, delays.whole_s, COLOURS[0], "-", "since its source's training ended")
        _distribution(axes, delays.air_s, COLOURS[1], "--", "since its first frame on the air")
    arrived, lost = float(delays.arrived.mean()), delays.lost_shares()
    if lost:
        axes.axhspan(arrived, 1, color="#777777", alpha=0.15, lw=0, gid="lost")
    told = ", ".join(f"{name} {_percent(share)}" for name, share in lost.items())
    said = f"lost: {_percent(1 - arrived)} ({told})" if told else "none lost"
    count = len(delays.cause)
    figure.suptitle(f"{count} deliver{'ies' if count > 1 else 'y'}, {said}" + ", the grey part" * bool(told), size=8)
    if delays.arrived.any():
        _above(axes)
        axes.set_xlim(0, 1.03 * (delays.longest_s or 1))
    else:
        none(axes, "no message arrived")


def _distribution(axes: Axes, seconds: Reals, colour: str, style: str, label: str) -> None:
    found = np.sort(seconds[np.isfinite(seconds)])
    if len(found):
        share = np.arange(len(found) + 1) / len(seconds)
        axes.step([found[0], *found], share, where="post", color=colour, ls=style, lw=1.4, label=label)


def per_device(figure: SubFigure, recording: Recording) -> None:
    """Air time, energy and retries of each device: the mean over rounds, with the least and the most."""
    air, energy, retries = figure.subplots(1, 3)
    airtime = recording.device_column("airtime_ns") / 1e6
    order = np.argsort(-airtime.mean(0), kind="stable")
    _spread(air, airtime[:, order], COLOURS[0], nothing="nobody sent anything")
    name(air, "", "air time per round (ms)")
    _energy(energy, recording, order)
    again = recording.device_column("retries")
    _spread(retries, again[:, order], COLOURS[4], nothing="no frame was sent again")
    name(retries, "", "retries per round")
    for axes in (air, energy, retries):
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
        axes.grid(visible=False, axis="x")
        _number(axes, order)
    figure.suptitle("each device: mean over rounds, least and most", size=8)


def _energy(axes: Axes, recording: Recording, order: np.ndarray) -> None:
    """Of the radio, and of the computing where it is known."""
    radio, compute = recording.device_column("energy_j"), recording.compute_j
    name(axes, "", "energy per round (J)")
    drawn = [("radio", radio, COLOURS[1], -0.15)] if np.isfinite(radio).any() else []
    if compute is not None and np.isfinite(compute).any():
        drawn.append(("computing", compute, COLOURS[2], 0.15))
    for _, values, colour, shift in drawn:
        _spread(axes, values[:, order], colour, shift)
    if drawn:
        marks = [Line2D([], [], color=colour, marker="o", ls="", ms=4, label=name) for name, _, colour, _ in drawn]
        axes.legend(handles=marks, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, borderaxespad=0.2)
    else:
        none(axes, "no energy recorded")


def _spread(axes: Axes, values: Reals, colour: str, shift: float = 0.0, nothing: str = "") -> None:
    """(rounds, devices): the mean over rounds between least and most; what is NaN is left out.

    `nothing` is said in place of zeros alone.
    """
    if nothing and not values.any():
        none(axes, nothing)
        return
    seen = np.isfinite(values).any(0)
    x, values = np.flatnonzero(seen) + shift, values[:, seen]
    mean, low, high = np.nanmean(values, 0), np.nanmin(values, 0), np.nanmax(values, 0)
    if values.shape[1] <= BARS:
        axes.vlines(x, low, high, color=colour, lw=1)
        axes.plot(x, mean, "o", color=colour, ms=3.5)
    else:
        axes.plot(x, mean, color=colour, lw=1.2)
        axes.fill_between(x, low, high, color=colour, alpha=0.25, lw=0)


def _number(axes: Axes, order: np.ndarray) -> None:
    """Device numbers below their marks where there are few, else how many there are."""
    axes.set_xlim(-0.6, len(order) - 0.4)
    if len(order) <= BARS:
        size, rotation = (6, 0) if len(order) <= 12 else (5, 90)
        axes.set_xticks(range(len(order)), [str(device) for device in order], size=size, rotation=rotation)
        axes.set_xlabel("device, by air time")
    else:
        axes.set_xlabel("devices, sorted by air time")


def _above(axes: Axes) -> None:
    """The legend above the axes, where it hides nothing."""
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderaxespad=0.2, columnspacing=1.0, handlelength=1.6
    )


def _percent(share: float) -> str:
    """Never 0 % of what did happen."""
    return f"{share:.1%}".replace("%", " %") if share == 0 or share >= 0.001 else "under 0.1 %"
