"""Time lines: a row for each device with what it does and what its radio does, and the messages between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from testbed.errors import UserError
from testbed.report.choice import numbers
from testbed.report.events import has_events, of_events
from testbed.report.recording import Recording, open_recording
from testbed.report.story import Story, of_rounds
from testbed.report.style import COLOURS, STYLE, save

SHOWN, ARROWED, ARROWS = 24, 10, 120
"""Rows by default; rows and messages up to which messages are drawn as arrows."""

LABELLED = 9
"""Rounds up to which each bears its number."""

ROUNDS = 3
"""Rounds that are drawn where none are named."""

SPANS: dict[str, tuple[str, float, float, dict[str, Any]]] = {
    "waiting": ("waiting", 0.02, 0.36, {"facecolor": "#e4e4e4"}),
    "training": ("training", 0.02, 0.36, {"facecolor": COLOURS[0]}),
    "partly": ("away for part of the round", 0.02, 0.36, {"facecolor": "none", "edgecolor": "#777777", "hatch": "///"}),
    "away": ("away", 0.02, 0.36, {"facecolor": "white", "edgecolor": "#777777", "hatch": "xxxx"}),
    "hellos": ("hellos", -0.34, 0.3, {"facecolor": COLOURS[5], "alpha": 0.6}),
    "sending": ("message under way", -0.34, 0.3, {"facecolor": COLOURS[4]}),
}
"""Label, lower edge and height in the row, look. The device is above, its radio below."""

MARKS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "arrive": ("message arrives", -0.19, {"marker": "|", "color": "black", "s": 22, "linewidths": 0.8}),
    "mix": ("mixes", 0.2, {"marker": "D", "color": COLOURS[2], "s": 14}),
    "deadline": ("deadline", 0.2, {"marker": "v", "color": COLOURS[1], "s": 18}),
    "busy": ("refuses, is busy", 0.2, {"marker": "x", "color": COLOURS[1], "s": 16, "linewidths": 1}),
    "lost": ("message never arrives", -0.19, {"marker": "x", "color": COLOURS[3], "s": 16, "linewidths": 1}),
}


@dataclass(frozen=True)
class Window:
    """What is drawn: from when until when, and which devices."""

    from_ns: int
    until_ns: int
    devices: Sequence[int]


def plot_timeline(
    folder: Path,
    out: Path,
    rounds: str | None = None,
    from_s: float | None = None,
    until_s: float | None = None,
    devices: str | None = None,
) -> str:
    """Draw the time line of the run or trace in `folder` into `out`; a line that says what was drawn.

    `rounds` (`3:8`) or the seconds `from_s` to `until_s` are its window; by default the first rounds. `devices`: whose
    rows (`0,3,7`); by default the first ones. Raises UserError for windows and devices that the recording has not.
    """
    recording = open_recording(folder)
    window = _window(recording, rounds, from_s, until_s, devices)
    story = _story(recording, window).between(window.from_ns, window.until_ns, window.devices)
    with mpl.rc_context(STYLE):
        save(compose(recording, story, window), out)
    arrows = "" if _arrowed(story, window) else " Too many for arrows: choose fewer --devices or a shorter window."
    return (
        f"{out}: {len(window.devices)} of {recording.devices} devices, {window.from_ns / 1e9:.6g} to "
        f"{window.until_ns / 1e9:.6g} s, {len(story.messages)} messages between them.{arrows}"
    )


def compose(recording: Recording, story: Story, window: Window) -> Figure:
    """The figure."""
    figure = Figure(figsize=(7.2, min(1.5 + 0.3 * len(window.devices), 10)), layout="constrained")
    axes = figure.subplots()
    rows = {device: row for row, device in enumerate(window.devices)}
    _draw_spans(axes, story, window, rows)
    for kind, (_, offset, look) in MARKS.items():
        at = [(mark.at_ns / 1e9, rows[mark.device] - offset) for mark in story.marks if mark.kind == kind]
        if at:
            axes.scatter(*zip(*at, strict=True), zorder=6, clip_on=False, gid=kind, **look)
    if _arrowed(story, window):
        for src, dst, sent_ns, arrived_ns in story.messages:
            _arrow(axes, (sent_ns / 1e9, rows[src] + 0.19), (arrived_ns / 1e9, rows[dst] + 0.19))
    _scale(axes, recording, window)
    figure.legend(handles=_handles(story), loc="outside upper center", ncols=4)
    return figure


def _story(recording: Recording, window: Window) -> Story:
    exchanges = recording.exchanges
    if has_events(recording.folder):
        return of_events(recording.folder, exchanges[-1].closed_ns)
    touched = [
        round_
        for round_, each in enumerate(exchanges)
        if each.opened_ns < window.until_ns and each.closed_ns > window.from_ns
    ]
    return of_rounds(recording, touched)


def _window(
    recording: Recording, rounds: str | None, from_s: float | None, until_s: float | None, devices: str | None
) -> Window:
    if rounds is not None and (from_s is not None or until_s is not None):
        raise UserError("--rounds and --from or --to exclude each other: state the window in one of the two ways.")
    exchanges = recording.exchanges
    chosen = range(min(ROUNDS, len(exchanges))) if rounds is None else numbers(rounds, len(exchanges), "round")
    from_ns, until_ns = exchanges[min(chosen)].opened_ns, exchanges[max(chosen)].closed_ns
    if from_s is not None or until_s is not None:
        from_ns, until_ns = exchanges[0].opened_ns, exchanges[-1].closed_ns
    from_ns = from_ns if from_s is None else round(from_s * 1e9)
    until_ns = until_ns if until_s is None else round(until_s * 1e9)
    last_ns = exchanges[-1].closed_ns
    if from_ns >= until_ns or from_ns >= last_ns:
        raise UserError(
            f"There is nothing from {from_ns / 1e9:g} to {until_ns / 1e9:g} s: this recording goes from "
            f"{exchanges[0].opened_ns / 1e9:g} to {last_ns / 1e9:g} s."
        )
    count = recording.devices
    shown = list(range(min(count, SHOWN))) if devices is None else numbers(devices, count, "device")
    return Window(from_ns, min(until_ns, last_ns), shown)


def _arrowed(story: Story, window: Window) -> bool:
    return len(window.devices) <= ARROWED and len(story.messages) <= ARROWS


def _draw_spans(axes: Axes, story: Story, window: Window, rows: dict[int, int]) -> None:
    """Waiting is whatever nothing else covers."""
    whole = (window.from_ns / 1e9, (window.until_ns - window.from_ns) / 1e9)
    for kind, (_, low, height, look) in SPANS.items():
        for device, row in rows.items():
            mine = [
                (each.from_ns / 1e9, (each.until_ns - each.from_ns) / 1e9)
                for each in story.spans
                if each.kind == kind and each.device == device
            ]
            bars = [whole] if kind == "waiting" else mine
            if bars:
                axes.broken_barh(bars, (row - low - height, height), linewidth=0.6, zorder=2, gid=kind, **look)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {
        "arrowstyle": "-|>,head_width=0.12,head_length=0.3",
        "lw": 0.5,
        "color": "#333333",
        "shrinkA": 0,
        "shrinkB": 0,
    }
    arrow = axes.annotate("", end, start, arrowprops=style, zorder=3, annotation_clip=False).arrow_patch
    assert arrow is not None
    arrow.set_clip_path(axes.patch)  # of messages that were sent before the window


def _scale(axes: Axes, recording: Recording, window: Window) -> None:
    """Devices from the top down; a line and a number where a round begins."""
    axes.set_xlim(window.from_ns / 1e9, window.until_ns / 1e9)
    axes.set_ylim(len(window.devices) - 0.5, -0.6)
    axes.set_yticks(range(len(window.devices)), [str(device) for device in window.devices])
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("simulated time (s)")
    axes.set_ylabel("device")
    opened = [(round_, each.opened_ns / 1e9) for round_, each in enumerate(recording.exchanges)]
    inside = [(round_, at) for round_, at in opened if window.from_ns <= round(at * 1e9) < window.until_ns]
    word = "period" if has_events(recording.folder) else "round"
    place: Any = {"xytext": (2, 1), "textcoords": "offset points", "size": 7, "color": "#555555"}
    for number, (round_, at) in enumerate(inside):
        axes.axvline(at, color="#555555", lw=0.7, zorder=5, gid="round")
        if number % (1 + len(inside) // LABELLED) == 0:
            axes.annotate(f"{word} {round_}", (at, 1), xycoords=("data", "axes fraction"), **place)


def _handles(story: Story) -> list[Line2D | Patch]:
    """Legend entries for what occurs."""
    kinds = story.kinds() | {"waiting"}
    bars = [Patch(label=label, **look) for kind, (label, _, _, look) in SPANS.items() if kind in kinds]
    marks = [
        Line2D([], [], ls="", marker=look["marker"], color=look["color"], ms=5, label=label)
        for kind, (label, _, look) in MARKS.items()
        if kind in kinds
    ]
    return [*bars, *marks]
