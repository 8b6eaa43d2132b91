"""Two methods under the same seeds: how far apart they are, and whether that can be told from chance.

The interval is of the mean difference, by the studentised bootstrap (Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, section 12.5). Of 95 % intervals over five normal differences it covers 95 %; the percentile bootstrap
covers 85 % (over five exponential ones 92 % and 77 %; docs/plots.md), and scipy has no studentised one. Its p, though,
is coarse for few seeds: five cannot make it small enough for ten comparisons. So p is that of the paired t test, and
both have to agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats

from testbed.report.metrics import Metric
from testbed.report.series import Series, Setting, grouped
from testbed.report.spread import LEVEL, Reals
from testbed.report.text import decimals

ENOUGH = 5
"""Seeds; fewer say nothing."""
RESAMPLES = 9999
ALIKE = 1e-9
"""Numbers that differ by less than this share of the largest are the same but for rounding."""
PERCENT = f"{100 * LEVEL:g} %"


@dataclass(frozen=True)
class Difference:
    """`first` less `second` in one place, over the seeds that both have."""

    first: str
    second: str
    where: str
    values: tuple[float, ...]
    """A difference for each seed; NaN where either never reached the target."""
    low: float = float("nan")
    high: float = float("nan")
    p: float = float("nan")
    """Of the paired t test, corrected for all differences of the same measure in the same place (Holm)."""
    among: int = 1
    """How many those are."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def seeds(self) -> int:
        """That both have."""
        return len(self.values)

    @property
    def told(self) -> bool:
        """Whether there is a verdict."""
        return not np.isnan(self.p)

    def against(self, method: str) -> "Difference":
        """The same the other way round, if this method stands first."""
        if self.first != method:
            return self
        values = tuple(-value for value in self.values)
        return replace(self, first=self.second, second=self.first, values=values, low=-self.high, high=-self.low)

    def sentence(self, metric: Metric) -> str:
        """What is and what is not significant."""
        pair, seeds = f"{self.first} - {self.second}", self.seeds
        place = f" at {self.where}" if self.where else ""
        missing = int(np.isnan(self.values).sum())
        if missing:
            why = f"under {missing} of {_seeds(seeds)} one of the two never reached the target"
            return f"{pair}: {metric.words}{place} cannot be told, as {why}."
        unit = metric.unit or metric.words.split()[-1]
        digits = decimals(self.mean)
        amount = f"{self.mean:+.{digits}f} {unit}"
        if not self.told:
            return f"{pair}: {amount} over {_seeds(seeds)}{place}: cannot be told from fewer than {ENOUGH} seeds."
        interval = f"[{self.low:+.{digits}f}, {self.high:+.{digits}f}]"
        return f"{pair}: {amount} {interval} over {_seeds(seeds)}{place}: {self._verdict()}."

    def _verdict(self) -> str:
        if self.low <= 0 <= self.high:
            return f"not significant at {PERCENT}"
        if self.p < 1 - LEVEL:
            return f"significant at {PERCENT}"
        return f"not significant at {PERCENT} as one of {self.among} comparisons"


def differences(series: Sequence[Series], metric: Metric, target: float) -> list[Difference]:
    """Of every two methods, wherever both were run, with the seeds that both have and that have the measure."""
    settings = [setting for each in series for setting in each.settings]
    found: list[Difference] = []
    for _, same in grouped(settings, lambda setting: setting.place).items():
        pairs = [_difference(first, second, metric, target) for first, second in combinations(same, 2)]
        found += _corrected([pair for pair in pairs if pair.seeds])
    return found


def bootstrap(values: Reals) -> tuple[float, float]:
    """Ends of the 95 % interval of the mean of values (seeds,); the same every time.

    Where many values are equal, as counts of rounds are, resamples of one value alone leave it without an end: then it
    is Student's interval.
    """
    mean, error = values.mean(), _error(values, ALIKE * np.abs(values).max())
    if error == 0:
        return float(mean), float(mean)
    draws = np.random.default_rng(0).choice(values, (RESAMPLES, len(values)))
    with np.errstate(divide="ignore", invalid="ignore"):
        pivots = (draws.mean(1) - mean) / _error(draws, ALIKE * np.abs(values).max())
    below, above = np.nanquantile(pivots, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    if not np.isfinite([below, above]).all():
        above = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)
        below = -above
    return float(mean - above * error), float(mean - below * error)


def t_test(values: Reals) -> float:
    """p, two-sided, of a mean of 0 of values (seeds,)."""
    mean, error = values.mean(), _error(values, ALIKE * np.abs(values).max())
    if error == 0:
        return float(mean == 0)
    return float(2 * stats.t.sf(abs(mean / error), len(values) - 1))


def holm(p: Sequence[float]) -> list[float]:
    """Corrected for being so many (Holm 1979): step by step from the smallest, never falling."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate([min(1.0, (len(p) - step) * p[at]) for step, at in enumerate(order)])
    return [float(stepped[np.flatnonzero(order == at)[0]]) for at in range(len(p))]


def _difference(first: Setting, second: Setting, metric: Metric, target: float) -> Difference:
    ours, theirs = (
        {each.seed: metric.of(each, target) for each in setting.members if metric.known(each)}
        for setting in (first, second)
    )
    values = tuple(value - theirs[seed] for seed, value in ours.items() if seed in theirs)
    return Difference(first.method, second.method, first.words(), values)


def _corrected(found: list[Difference]) -> list[Difference]:
    """With interval and p, where there are enough seeds and all of them have a value."""
    able = [each for each in found if each.seeds >= ENOUGH and np.isfinite(each.values).all()]
    corrected = iter(holm([t_test(np.array(each.values)) for each in able]))
    return [_told(each, next(corrected), len(able)) if each in able else each for each in found]


def _told(of: Difference, p: float, among: int) -> Difference:
    low, high = bootstrap(np.array(of.values))
    return replace(of, low=low, high=high, p=p, among=among)


def _error(values: Reals, rounding: float) -> Reals:
    """Of the mean over the last axis; 0 where it is no more than `rounding`."""
    error = np.asarray(values.std(-1, ddof=1) / np.sqrt(values.shape[-1]))
    return np.where(error > rounding, error, 0.0)


def _seeds(count: int) -> str:
    return f"{count} seed{'s' * (count != 1)}"
