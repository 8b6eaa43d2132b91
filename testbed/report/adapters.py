"""Adapters beside whole models: what accuracy costs in bytes, and what a rank is worth."""

from operator import itemgetter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from testbed.errors import UserError
from testbed.report.legend import legend
from testbed.report.members import Member
from testbed.report.metrics import ACCURACY, Metric
from testbed.report.progress import MEGABYTES, over_bytes
from testbed.report.series import Series
from testbed.report.style import PAGE, bound, look, name, note, title


def _megabytes(member: Member, _: float) -> float:
    return float(member.curve.bytes[-1]) / 1e6


def _rank(member: Member, _: float) -> float:
    return float(member.curve.rank[-1])


MEGABYTES_SENT = Metric("sent", "messages in all", "MB", _megabytes, known=lambda each: len(each.curve.bytes) > 0)
RANK = Metric("rank", "rank at the end", "", _rank, known=lambda each: len(each.curve.rank) > 0)
METRICS = (ACCURACY, MEGABYTES_SENT, RANK)


def draw(series: list[Series], _: list[Metric], __: float) -> Figure:
    """Accuracy against bytes so far; best accuracy against all bytes; and against ranks. Raises UserError where no run
    has adapters."""
    members = [member for each in series for setting in each.settings for member in setting.members]
    if all(member.scenario.lora is None for member in members):
        raise UserError(
            "None of these runs has adapters ([lora] in its scenario): `testbed plot time` draws their bytes."
        )
    figure = Figure(figsize=(PAGE, 2.6 + 0.09 * len(series)), layout="constrained")
    so_far, whole, ranks = figure.subplots(1, 3, sharey=True)
    for number, each in enumerate(series):
        for setting in each.settings:
            over_bytes(so_far, setting, number)
        _points(whole, each, number, MEGABYTES_SENT)
        _points(ranks, each, number, RANK)
    whole.set_xscale("log")
    ranks.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    bound(so_far)
    name(so_far, MEGABYTES, "accuracy, mean over devices")
    name(whole, "messages in all (MB)", "")
    name(ranks, "rank at the end", "")
    for axes, words in zip(
        (so_far, whole, ranks), ("by rounds", "best, by all messages", "best, by rank"), strict=True
    ):
        title(axes, words)
    legend(figure, series)
    note(figure, "means over seeds and their 95 % intervals; a line across: whole models, which have no rank")
    return figure


def _points(axes: Axes, each: Series, number: int, metric: Metric) -> None:
    """Best accuracy with its interval against a measure, a point for each rank or budget; whole models have no rank,
    and are a line across."""
    style = look(number) | {"markersize": 4, "linewidth": 1.0}
    found = [(metric.spread(one, 0).mean, ACCURACY.spread(one, 0)) for one in each.settings]
    known = sorted(((at, best) for at, best in found if at > 0), key=itemgetter(0))
    if known:
        x, y, half = np.array([(at, best.mean, best.half) for at, best in known]).T
        axes.errorbar(x, y, yerr=half, capsize=2, elinewidth=1, **style)
    elif metric is RANK:
        for _, best in found:
            axes.axhline(best.mean, color=style["color"], linewidth=1.0, linestyle=style["linestyle"])
