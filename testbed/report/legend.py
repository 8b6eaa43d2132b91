"""Legends that say how many seeds a line stands for."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from testbed.report.series import Series
from testbed.report.style import look, plain

LETTERS_IN = 14.5
"""Letters of a legend in an inch; a handle takes the room of six."""


def seeds(each: Series) -> str:
    """As n = 3, or n = 2-3 where settings differ in how many they have."""
    counts = sorted({len(setting.members) for setting in each.settings})
    return f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]}-{counts[-1]}"


def legend(figure: Figure, series: Sequence[Series], spare: Axes | None = None) -> None:
    """In an empty panel, if there is one; else above the panels, where it hides no line."""
    handles = [Line2D([], [], markersize=4, linewidth=1.2, **look(number)) for number in range(len(series))]
    labels = [plain(f"{each.label} ({seeds(each)})") for each in series]
    if spare is not None:
        inside = spare.legend(handles, labels, loc="center left", borderaxespad=0)
        inside.set_in_layout(False)
        return
    fitting = int(figure.get_figwidth() * LETTERS_IN / (max(map(len, labels)) + 6))
    figure.legend(handles, labels, loc="outside upper center", ncols=max(1, min(len(labels), fitting)))
