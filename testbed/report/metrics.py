"""What is measured of a run: one number each, and what it may be called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from testbed.errors import UserError
from testbed.report.members import Member
from testbed.report.series import Series, Setting
from testbed.report.spread import Spread, spread
from testbed.results.curve import Curve, Reals

REFERENCE, SHARE = "dpsgd", 0.95
"""The target where none is given: this share of the lowest best accuracy of D-PSGD, or of all where it did not run."""


@dataclass(frozen=True)
class Metric:
    """A measure of a run."""

    name: str
    words: str
    unit: str
    of: Callable[[Member, float], float]
    """From a run and the target; NaN for never."""
    end: Callable[[Member], float] | None = None
    """Of what it takes to the target: what the whole run took, a bound where the target was never reached."""
    known: Callable[[Member], bool] = lambda _: True
    """Whether the run has it at all."""

    @property
    def to_target(self) -> bool:
        return self.end is not None

    def title(self, target: float) -> str:
        """For an axis or the head of a column."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.words} to {target:.3g}{unit}" if self.to_target else f"{self.words}{unit}"

    def spread(self, setting: Setting, target: float) -> Spread:
        """Over the seeds of a setting."""
        return spread(self.of(member, target) for member in setting.members if self.known(member))

    def least(self, setting: Setting, target: float) -> float:
        """A bound that the mean lies above: a run that never got there took longer than it lasted; one that diverged
        would never have got there."""
        if self.end is None:
            return self.spread(setting, target).mean
        ends = [_or(self.of(each, target), self.end(each)) for each in setting.members if self.known(each)]
        return float(np.mean(ends)) if ends else float("nan")


def _or(value: float, otherwise: float) -> float:
    return otherwise if np.isnan(value) else value


def _taken(name: str, words: str, unit: str, along: Callable[[Curve], Reals]) -> Metric:
    """What it takes to the target."""

    def of(member: Member, target: float) -> float:
        return float("nan") if member.curve.diverged else member.curve.at(along(member.curve), target)

    def end(member: Member) -> float:
        return float("inf") if member.curve.diverged else float(along(member.curve)[-1])

    def known(member: Member) -> bool:
        return bool(np.isfinite(along(member.curve)).any()) or member.curve.diverged

    return Metric(name, words, unit, of, end, known)


def _rounds(curve: Curve) -> Reals:
    return np.arange(1.0, len(curve.accuracy) + 1)


ACCURACY = Metric("accuracy", "best accuracy", "", lambda member, _: member.curve.best)
ROUNDS = _taken("rounds", "rounds", "", _rounds)
SECONDS = _taken("seconds", "simulated time", "s", lambda curve: curve.seconds)
BYTES = _taken("bytes", "messages", "MB", lambda curve: curve.bytes / 1e6)
JOULES = _taken("joules", "energy", "J", lambda curve: curve.joules)
METRICS = {each.name: each for each in (ACCURACY, ROUNDS, SECONDS, BYTES, JOULES)}


def chosen(names: Sequence[str], series: Sequence[Series]) -> list[Metric]:
    """Those that were named; without names all that the runs have. Raises UserError for a name that is none, for joules
    that nobody measured, and for rounds of more than one kind."""
    for name in names:
        if name not in METRICS:
            raise UserError(f"--metric {name} is none; known are {', '.join(METRICS)}.")
        if (why := _lacking(name, series)) is not None:
            raise UserError(f"--metric {name}: {why}.")
    if names:
        return [METRICS[name] for name in dict.fromkeys(names)]
    return [metric for name, metric in METRICS.items() if _lacking(name, series) is None]


def _lacking(name: str, series: Sequence[Series]) -> str | None:
    """Why the runs do not have it, if they do not."""
    members = [member for each in series for setting in each.settings for member in setting.members]
    if name == "rounds":
        return unlike_rounds(members)
    if name == "joules" and not any(np.isfinite(member.curve.joules).any() for member in members):
        return "none of these runs knows its energy"
    return None


def unlike_rounds(members: Sequence[Member]) -> str | None:
    """Why rounds of these runs cannot be held against each other, if they cannot."""
    kinds = {(each.scenario.run.mode, each.scenario.run.period_s) for each in members}
    if len(kinds) == 1 or {mode for mode, _ in kinds} == {"barrier"}:
        return None
    told = ", ".join(
        mode if mode == "barrier" else f"{mode} with periods of {period:g} s" for mode, period in sorted(kinds, key=str)
    )
    return f"a round is not one thing in these runs, whose run.mode is {told}; take simulated time"


def is_reference(setting: Setting) -> bool:
    """Whether it is of D-PSGD, which others are held against."""
    return setting.members[0].scenario.algorithm.name == REFERENCE


def common_target(series: Sequence[Series]) -> float:
    """95 % of D-PSGD's lowest best accuracy, or of that of all runs where it is not among them."""
    settings = [setting for each in series for setting in each.settings]
    settings = [setting for setting in settings if is_reference(setting)] or settings
    best = [member.curve.best for setting in settings for member in setting.members if not member.curve.diverged]
    if not best:
        raise UserError("All of these runs diverged: state a target with --target.")
    return SHARE * min(best)
