"""The figure of a run's network: maps of some rounds, density and durations, delays, and what devices spent."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from testbed.errors import UserError
from testbed.report import charts, maps
from testbed.report.choice import numbers, spread
from testbed.report.delays import Delays, delays
from testbed.report.places import Graph, graph, hello_share, places
from testbed.report.recording import Recording, open_recording
from testbed.report.style import STYLE, save

WIDTH, COLUMNS = 7.2, 3
"""Inches of a page's text, and maps side by side."""

PARTS = ("links", "time", "delay", "devices")


def plot_network(folder: Path, out: Path, rounds: str | None = None, parts: Sequence[str] = PARTS) -> str:
    """Draw the network of the run or trace in `folder` into `out`; a line that says what was drawn.

    `rounds`: those that are drawn as maps (`0,5,19`, `3:8`); by default the first, the middle and the last.
    Raises UserError for a folder without a whole round, unknown rounds or parts, or an unknown file ending.
    """
    recording = open_recording(folder)
    count = len(recording.trace)
    chosen = spread(count) if rounds is None else numbers(rounds, count, "round")
    _check(parts)
    taken = delays(recording)
    with mpl.rc_context(STYLE):
        save(compose(recording, taken, chosen, parts), out)
    drawn = f" Maps of round{'s' * (len(chosen) > 1)} {', '.join(map(str, chosen))}." if "links" in parts else ""
    return f"{out}: {_told(recording, taken)}{drawn}"


def compose(recording: Recording, taken: Delays, chosen: Sequence[int], parts: Sequence[str] = PARTS) -> Figure:
    """The figure, part above part."""
    draw: dict[str, tuple[float, Callable[[SubFigure], None]]] = {
        "links": (_height(len(chosen)), lambda part: _maps(part, recording, chosen)),
        "time": (2.3, lambda part: charts.over_time(part, recording, taken)),
        "delay": (2.5, lambda part: charts.delay_distribution(part, taken)),
        "devices": (2.3, lambda part: charts.per_device(part, recording)),
    }
    heights = [draw[name][0] for name in parts]
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    rows = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
    for row, name in zip(rows, parts, strict=True):
        draw[name][1](row)
    return figure


def _maps(figure: SubFigure, recording: Recording, chosen: Sequence[int]) -> None:
    """Small multiples of one scale."""
    columns = _columns(len(chosen))
    where, kinds, graphs = places(recording, chosen), set[str](), list[Graph]()
    grid = figure.subplots(-(-len(chosen) // columns), columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(chosen) :]:
        axes.set_visible(False)
    for axes, round_ in zip(grid.flat, chosen, strict=False):
        exchange = recording.exchanges[round_]
        links = graph(exchange, hello_share(recording))
        condition = maps.conditions(exchange, links)
        maps.draw_links(axes, where.at[round_], links)
        maps.draw_devices(axes, where.at[round_], condition)
        maps.frame(axes, *where.limits())
        axes.set_title(f"round {round_}, {exchange.opened_ns / 1e9:.4g} s, density {exchange.density:.2f}", size=8)
        kinds, graphs = kinds | set(condition.tolist()), [*graphs, links]
    _label(list(grid.flat)[: len(chosen)], columns, bool(where.said))
    title = where.said or None
    figure.legend(
        handles=maps.handles(kinds, graphs), loc="outside lower center", ncols=3, title=title, title_fontsize=8
    )


def _label(grid: Sequence[Axes], columns: int, placeless: bool) -> None:
    """Metres on the outer axes; nothing where places mean nothing."""
    for number, axes in enumerate(grid):
        lowest, first = number + columns >= len(grid), number % columns == 0
        axes.tick_params(labelbottom=lowest, labelleft=first)
        if placeless:
            axes.set_xticks([])
            axes.set_yticks([])
        else:
            axes.set_xlabel("x (m)" if lowest else "")
            axes.set_ylabel("y (m)" if first else "")


def _columns(count: int) -> int:
    """Maps side by side: four are two rows of two."""
    return 2 if count == 4 else min(count, COLUMNS)


def _height(count: int) -> float:
    """Inches of the maps with their titles, labels and legend."""
    columns = _columns(count)
    return -(-count // columns) * (min(WIDTH / columns, 3.0) + 0.2) + 0.8


def _check(parts: Sequence[str]) -> None:
    unknown = [name for name in parts if name not in PARTS]
    if unknown or not parts:
        raise UserError(f"{', '.join(unknown) or 'Nothing'} is no part of this figure: choose of {', '.join(PARTS)}.")


def _told(recording: Recording, taken: Delays) -> str:
    """What the figure shows, in numbers."""
    count, devices, density = len(recording.trace), recording.devices, recording.trace.densities().mean()
    known = f", median delay {taken.median_s:.4g} s" if np.isfinite(taken.median_s) else ""
    return (
        f"{count} round{'s' * (count != 1)} of {devices} device{'s' * (devices != 1)}, mean density {density:.3f}, "
        f"{taken.arrived.sum()} of {len(taken.cause)} deliveries arrived{known}."
    )
