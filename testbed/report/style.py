"""One look for every figure: readable at paper size, and for the colour-blind (Okabe and Ito's palette, 2008)."""

from pathlib import Path
from typing import Any

from cycler import cycler
from matplotlib.figure import Figure

from testbed.errors import UserError

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
