"""Figures as the paper's figure 3: accuracy against rounds, and against what it leaves out, the simulated time."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from testbed.report.style import STYLE, band, name, save, title
from testbed.reproduction.hyperprism.grid import TABLES, AirKind, Column, Task
from testbed.reproduction.hyperprism.plan import Place
from testbed.reproduction.hyperprism.results import OURS, Results, places
from testbed.scenario.algorithms import title as title_of

LOOK = STYLE | {"savefig.dpi": 110}


def draw(results: Results, table: int, task: Task, air: AirKind, column: Column, folder: Path) -> Path:
    """One figure of a table: a panel for each setting against rounds, below it one against simulated seconds."""
    where = places(results.plan, task, air, column, table)
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(9, 5), layout="constrained")
        panels = figure.subplots(2, len(where), sharey=True, squeeze=False)
        for place, (by_rounds, by_time) in zip(where, panels.T, strict=True):
            title(by_rounds, f"{TABLES[table]} {getattr(place.setting, TABLES[table]):g}")
            for number, method in enumerate(results.plan.methods):
                _method(results, place, method, number, by_rounds, by_time)
            name(by_rounds, "round", "")
            name(by_time, "simulated time (s)", "")
        for axes in panels[:, 0]:
            axes.set_ylabel("accuracy, mean over devices")
        marks = {
            label: mark for axes in panels[0] for mark, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(marks.values(), marks.keys(), loc="outside upper center", ncols=len(marks))
        file = folder / f"table{table}-{task.data}-{air}-{column}.png"
        save(figure, file)
    return file


def _method(results: Results, place: Place, method: str, number: int, by_rounds: Axes, by_time: Axes) -> None:
    """The method's line, with one standard deviation over seeds; a diverged seed ends it for all."""
    curves = list(results.curves(place, method).values())
    length = min((len(curve.accuracy) for curve in curves), default=0)
    if not length:
        return
    accuracy = np.stack([curve.accuracy[:length] for curve in curves])
    seconds = np.mean([curve.seconds[:length] for curve in curves], 0)
    look: dict[str, Any] = {
        "color": f"C{number}",
        "linewidth": 2.0 if method == OURS else 1.2,
        "label": title_of(method),
    }
    band(by_rounds, np.arange(1.0, length + 1), accuracy, **look)
    band(by_time, seconds, accuracy, **look)
