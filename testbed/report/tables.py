"""The numbers of a figure: a row for each setting, a mean with its interval for each measure."""

import math
from collections.abc import Sequence

from testbed.report.metrics import Metric
from testbed.report.series import Series, Setting
from testbed.report.text import NEVER, NOT_RUN, decimals, number

KNOWN = ["realised density", "seeds", "diverged"]


def text_rows(series: Sequence[Series], metrics: Sequence[Metric], target: float) -> list[list[str]]:
    """For people; the first row is the head."""
    settings = _settings(series)
    placed = any(setting.place for setting in settings)
    head = ["method", *["setting"] * placed, *KNOWN, *(metric.title(target) for metric in metrics)]
    rows = [
        [
            *[setting.method, *[setting.words()] * placed, f"{setting.density:.3f}", *_counts(setting)],
            *(_text(metric, setting, target) for metric in metrics),
        ]
        for setting in settings
    ]
    return [head, *rows]


def csv_rows(series: Sequence[Series], metrics: Sequence[Metric], target: float) -> list[list[str]]:
    """For programs: mean and interval of the seeds that have a value, how many those are, and the bound on the mean."""
    what = ("mean", "low", "high", "reached", "at_least")
    rows = [
        [
            "method",
            "setting",
            "density",
            *KNOWN[1:],
            "target",
            *(f"{metric.name}_{each}" for metric in metrics for each in what),
        ]
    ]
    for setting in _settings(series):
        values = [value for metric in metrics for value in _numbers(metric, setting, target)]
        known = [setting.method, setting.words(), number(setting.density), *_counts(setting), number(target)]
        rows.append([*known, *values])
    return rows


def _text(metric: Metric, setting: Setting, target: float) -> str:
    """Mean and half the interval; where not all seeds reached the target, a bound and how many did."""
    spread = metric.spread(setting, target)
    if not spread.values:
        return NOT_RUN
    if spread.reached == len(spread.values):
        digits = decimals(spread.mean)
        half = "" if math.isnan(spread.half) else f" ± {spread.half:.{digits}f}"
        return f"{spread.mean:.{digits}f}{half}"
    least = metric.least(setting, target)
    bound = f"> {least:.{decimals(least)}f}" if math.isfinite(least) else NEVER
    return f"{bound} ({spread.reached} of {len(spread.values)})"


def _numbers(metric: Metric, setting: Setting, target: float) -> list[str]:
    spread = metric.spread(setting, target)
    ends = (spread.mean, spread.mean - spread.half, spread.mean + spread.half)
    least = metric.least(setting, target)
    return [*map(number, ends), str(spread.reached), number(least) if math.isfinite(least) else ""]


def _settings(series: Sequence[Series]) -> list[Setting]:
    return [setting for each in series for setting in sorted(each.settings, key=lambda setting: setting.density)]


def _counts(setting: Setting) -> list[str]:
    return [str(len(setting.members)), str(sum(member.curve.diverged for member in setting.members))]
