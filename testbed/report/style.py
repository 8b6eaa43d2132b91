"""One look for every figure: readable at paper size, and for the colour-blind (Okabe and Ito's palette, 2008)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from testbed.errors import UserError

Reals = NDArray[np.float64]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.prop_cycle": cycler(color=COLOURS),
    "legend.frameon": False,
    "legend.fontsize": 8,
    "savefig.dpi": 200,
    "svg.hashsalt": "testbed",
}


def save(figure: Figure, file: Path) -> None:
    """Write the figure without a date, so that equal figures are equal files.

    Raises UserError for an ending that matplotlib does not know.
    """
    known = sorted(figure.canvas.get_supported_filetypes())
    if file.suffix[1:] not in known:
        raise UserError(f"{file} should end in one of .{', .'.join(known)}.")
    file.parent.mkdir(parents=True, exist_ok=True)
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    figure.savefig(file, metadata=undated.get(file.suffix))


DASHES = ("-", "--", ":")
COLUMN, PAGE = 3.5, 7.16
"""Widths of a figure in inches: of a column, and of both, as IEEE sets papers."""


def look(number: int) -> dict[str, Any]:
    """Colour, marker and dashes of the line of this number: all of them tell lines apart, without colours as well."""
    colour, dashes = number % len(COLOURS), DASHES[number // len(COLOURS) % len(DASHES)]
    return {"color": COLOURS[colour], "marker": MARKERS[colour], "linestyle": dashes}


def name(axes: Axes, x: str, y: str) -> None:
    """What the axes show."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def deviation(y: Reals) -> Reals:
    """(points,): one standard deviation of y (runs, points)."""
    return np.asarray(y.std(0))


def band(axes: Axes, x: Reals, y: Reals, half: Callable[[Reals], Reals] = deviation, **look: Any) -> None:
    """The mean of y (runs, points) where all runs have a value, with `half` a band on either side."""
    seen = np.isfinite(y).all(0)
    x, mean = x[seen], y[:, seen].mean(0)
    (line,) = axes.plot(x, mean, **look)
    if len(y) > 1:
        spread = half(y[:, seen])
        axes.fill_between(x, mean - spread, mean + spread, color=line.get_color(), alpha=0.2, linewidth=0)


def plain(text: str) -> str:
    """A user's words as they are: two dollars in them are no formula."""
    return text.replace("$", r"\$")


def title(axes: Axes, text: str) -> None:
    """A line above a panel, smaller than its labels."""
    axes.set_title(plain(text), size=8)


def bound(axes: Axes) -> None:
    """Show no accuracies that there are not, however long the intervals of few seeds are."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, 0.0), min(high, 1.0))


def note(figure: Figure, text: str) -> None:
    """What lines and marks mean, below all panels."""
    figure.supxlabel(text, size=6.5, color="#555555")


def none(axes: Axes, text: str) -> None:
    """A sentence where there is nothing to draw, and no scale that would mean nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=8, color="#555555", wrap=True)
    axes.set_xticks([])
    axes.set_yticks([])
