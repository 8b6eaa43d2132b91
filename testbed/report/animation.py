"""Films of a run's network: where devices are, their links, and the messages under way as simulated time passes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FFMpegWriter, writers
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from testbed.errors import UserError
from testbed.report import maps, netanim
from testbed.report.choice import numbers
from testbed.report.places import Places, graph, hello_share, places
from testbed.report.recording import Reals, Recording, open_recording
from testbed.report.style import COLOURS, STYLE

ENDINGS = (".gif", ".mp4", ".xml")
FRAMES_PER_S, DPI, PALETTE = 10, 100, 64
ROUNDS, SECONDS = 5, 12.0
"""What is shown where nothing is said: the first rounds, in a film of this length."""


def animate(folder: Path, out: Path, rounds: str | None = None, seconds: float = SECONDS) -> str:
    """Write a film of the run or trace in `folder` to `out`: .gif, .mp4 (by ffmpeg), or .xml for ns-3's NetAnim.

    `rounds`: those that are shown (`3:8`), by default the first; `seconds`: how long the film lasts, which plays
    simulated time at one speed. Raises UserError for unknown rounds or endings, and where ffmpeg is missing.
    """
    recording = open_recording(folder)
    count = len(recording.trace)
    chosen = list(range(min(count, ROUNDS))) if rounds is None else sorted(numbers(rounds, count, "round"))
    if not 0 < seconds <= 600:
        raise UserError(f"A film of {seconds:g} seconds: choose a length above 0 and up to 600.")
    _check(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    said = f"round{'s' * (len(chosen) > 1)} {_span(chosen)} of {recording.devices} devices"
    if out.suffix == ".xml":
        out.write_text(netanim.film(recording, chosen), "utf-8")
        return f"{out}: {said}, for NetAnim."
    moments = instants(recording, chosen, max(2, round(seconds * FRAMES_PER_S)))
    with mpl.rc_context(STYLE):
        {".gif": _gif, ".mp4": _mp4}[out.suffix](Scene(recording, chosen), moments, out)
    return f"{out}: {said}, {len(moments)} frames."


def _check(out: Path) -> None:
    if out.suffix not in ENDINGS:
        raise UserError(f"{out} should end in one of {', '.join(ENDINGS)}.")
    if out.suffix == ".mp4" and not writers.is_available("ffmpeg"):
        raise UserError(f"{out}: there is no ffmpeg on this machine, which makes .mp4: install it, or write a .gif.")


def _gif(scene: "Scene", moments: Sequence[tuple[int, int]], out: Path) -> None:
    """One palette without dithering for all frames, so that only what moves is stored of each."""
    images = [scene.image(*moment) for moment in moments]
    palette = images[len(images) // 2].quantize(PALETTE, Image.Quantize.MAXCOVERAGE)
    first, *rest = (image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images)
    first.save(out, save_all=True, append_images=rest, duration=1000 // FRAMES_PER_S, loop=0, optimize=True)


def _mp4(scene: "Scene", moments: Sequence[tuple[int, int]], out: Path) -> None:
    writer = FFMpegWriter(FRAMES_PER_S)
    with writer.saving(scene.figure, str(out), DPI):
        for moment in moments:
            scene.show(*moment)
            writer.grab_frame()


def instants(recording: Recording, chosen: Sequence[int], frames: int) -> list[tuple[int, int]]:
    """Round and nanosecond of each frame; time between rounds that are not shown is left out."""
    opened = np.array([recording.exchanges[round_].opened_ns for round_ in chosen])
    lasted = np.array([recording.exchanges[round_].closed_ns for round_ in chosen]) - opened
    ends = lasted.cumsum()
    shown = np.linspace(0, ends[-1], frames).astype(np.int64)
    which = np.minimum(np.searchsorted(ends, shown, "left"), len(chosen) - 1)
    at = opened[which] + shown - (ends - lasted)[which]
    return [(chosen[number], int(each)) for number, each in zip(which, at, strict=True)]


class Scene:
    """A figure that is set to an instant."""

    def __init__(self, recording: Recording, chosen: Sequence[int]) -> None:
        self._recording, self._places = recording, places(recording, chosen)
        self._share, self._shown = hello_share(recording), -1
        self.figure = Figure(figsize=(4.8, 5.4), dpi=DPI)
        self.axes = self.figure.add_axes((0.13, 0.13, 0.84, 0.75))
        self.clock = self.figure.text(0.13, 0.95, "", size=11)
        self.count = self.figure.text(0.13, 0.905, "", size=9, color="#555555")
        self.figure.text(0.13, 0.02, "orange: a message under way; green: links it arrived on", size=8)
        self._canvas: Any = FigureCanvasAgg(self.figure)
        self._still: Any = None
        self._devices: list[Artist] = []
        self._moving: list[Artist] = []

    def show(self, round_: int, at_ns: int) -> None:
        """Draw the instant `at_ns` of a round."""
        if round_ != self._shown:
            self._map(round_)
        for artist in self._moving:
            artist.remove()
        rows, where = self._recording.exchanges[round_].deliveries, self._places.at[round_]
        begun = rows.arrived & (rows.started_ns <= at_ns)
        done = begun & (rows.arrived_ns <= at_ns)
        start, end = where[rows.src], where[rows.dst]
        way = (at_ns - rows.started_ns) / np.maximum(rows.arrived_ns - rows.started_ns, 1)
        at = start + way[:, None] * (end - start)
        self._moving = [_arrived(self.axes, start[done], end[done]), _dots(self.axes, at[begun & ~done])]
        self.clock.set_text(f"{at_ns / 1e9:.3f} s, round {round_}")
        lost = int((~rows.arrived).sum())
        self.count.set_text(
            f"{done.sum()} of {len(rows)} deliveries have arrived" + f", {lost} never will" * bool(lost)
        )

    def image(self, round_: int, at_ns: int) -> Image.Image:
        """The instant as pixels; what stays while a round lasts is drawn once."""
        if round_ != self._shown:
            self._map(round_)
            self._moving = []
            self.clock.set_text("")
            self.count.set_text("")
            self._canvas.draw()
            self._still = self._canvas.copy_from_bbox(self.figure.bbox)
        self.show(round_, at_ns)
        self._canvas.restore_region(self._still)
        for artist in (*self._moving, *self._devices, self.clock, self.count):
            self.figure.draw_artist(artist)
        return Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3].copy())

    def _map(self, round_: int) -> None:
        """The places and links of a round, which stay while it lasts."""
        exchange, where = self._recording.exchanges[round_], self._places
        self.axes.clear()
        self._moving, self._shown = [], round_
        links = graph(exchange, self._share)
        maps.draw_links(self.axes, where.at[round_], links)
        self._devices = maps.draw_devices(self.axes, where.at[round_], maps.conditions(exchange, links), 1.4)
        maps.frame(self.axes, *where.limits())
        _axes(self.axes, where)


def _arrived(axes: Axes, start: Reals, end: Reals) -> Any:
    """The half of a link towards who has the message."""
    segments = np.stack([(start + end) / 2, end], 1)
    lines = LineCollection(list(segments), colors=COLOURS[2], linewidths=1.6, zorder=2, gid="arrived")
    return axes.add_collection(lines)


def _dots(axes: Axes, at: Reals) -> Any:
    return axes.scatter(
        at[:, 0], at[:, 1], s=16, color=COLOURS[4], edgecolors="black", linewidths=0.4, zorder=3, gid="under way"
    )


def _axes(axes: Axes, where: Places) -> None:
    if where.said:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(where.said, size=8)
    else:
        axes.set_xlabel("x (m)")
        axes.set_ylabel("y (m)")


def _span(chosen: Sequence[int]) -> str:
    whole = len(chosen) > 1 and chosen[-1] - chosen[0] == len(chosen) - 1
    return f"{chosen[0]} to {chosen[-1]}" if whole else ", ".join(map(str, chosen))
