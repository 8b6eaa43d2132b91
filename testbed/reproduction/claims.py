"""What the paper claims in words, each against the cells.

The numbers of its tables are known only as pictures; these sentences are what can be compared. Where one cannot be
measured as it stands ("barely converges", "fluctuates strongly", "little affected") `measure` says how we read it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testbed.reproduction.grid import AirKind, Column, Place, Setting, Task
from testbed.reproduction.results import OURS, Results

UNKNOWN = "cannot be told yet"


@dataclass(frozen=True)
class Ground:
    """All settings over one air, with one choice of learning rates."""

    results: Results
    task: Task
    air: AirKind
    column: Column

    def place(self, setting: Setting) -> Place:
        return Place(self.task, setting, self.air, self.column)

    def settings(self, table: int | None = None) -> list[Setting]:
        """Of a table, else all."""
        plan = self.results.plan
        return plan.settings() if table is None else plan.columns_of(table) if table in plan.tables else []

    @property
    def methods(self) -> tuple[str, ...]:
        return self.results.plan.methods

    @property
    def baselines(self) -> list[str]:
        return [method for method in self.methods if method != OURS]

    def accuracy(self, setting: Setting, method: str) -> float:
        """Max Acc, mean over seeds; NaN where no seed is finished."""
        return self.results.measures(self.place(setting), method).max_acc.mean

    def ends(self, table: int, method: str) -> tuple[float, float]:
        """Max Acc at the first and at the last value of a table."""
        settings = self.settings(table)
        if not settings:
            return float("nan"), float("nan")
        return self.accuracy(settings[0], method), self.accuracy(settings[-1], method)


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper, how it is measured, and a function that measures it."""

    sentence: str
    measure: str
    judge: Callable[[Ground], str]


def verdict(found: list[bool | None], things: str) -> str:
    """In words, of one comparison for each of the `things`; None is a comparison that cannot be made yet."""
    known = [each for each in found if each is not None]
    if not known:
        return UNKNOWN
    word = "agrees" if all(known) else "agrees in part" if any(known) else "does not agree"
    missing = f"; {len(found) - len(known)} open" if len(known) < len(found) else ""
    return f"{word}: {sum(known)} of {len(known)} {things}{missing}"


def _less(low: float, high: float) -> bool | None:
    """Whether low < high, where both are known."""
    return None if np.isnan(low) or np.isnan(high) else bool(low < high)


def highest(ground: Ground) -> str:
    """Max Acc of HyperPrism against that of the best baseline."""
    gains = [ground.results.gains(ground.place(setting))[0] for setting in ground.settings()]
    return verdict([_less(0, gain) for gain in gains], "settings") + _range(gains)


def fastest(ground: Ground) -> str:
    """Conv. Rds of HyperPrism against those of the fastest baseline."""
    gains = [ground.results.gains(ground.place(setting))[1] for setting in ground.settings()]
    return verdict([_less(0, gain) for gain in gains], "settings") + _range(gains)


def worse_with_skew(ground: Ground) -> str:
    """Max Acc at the smallest alpha against that at the largest."""
    return verdict([_less(*ground.ends(2, method)) for method in ground.methods], "methods")


def worse_with_devices(ground: Ground) -> str:
    """Max Acc with the most devices against that with the fewest."""
    return verdict([_less(*ground.ends(4, method)[::-1]) for method in ground.baselines], "baselines")


def worse_with_density(ground: Ground) -> str:
    """Max Acc in the densest graph against that in the sparsest, at alpha .1."""
    return verdict([_less(*ground.ends(3, method)[::-1]) for method in ground.baselines], "baselines")


def adom_barely(ground: Ground) -> str:
    """Whether ADOM reaches the common target with the most devices."""
    found = [ground.results.measures(ground.place(setting), "adom") for setting in ground.settings(4)[-1:]]
    values = found[0].rounds.values if found and "adom" in ground.methods else ()
    return verdict([bool(np.isnan(value)) for value in values], "seeds")


def adom_fluctuates(ground: Ground) -> str:
    """The mean step of the accuracy from one evaluation to the next, in the second half, against the other methods'."""
    settings = ground.settings(3)[-1:]
    if not settings or "adom" not in ground.methods:
        return UNKNOWN
    sizes = {method: _unrest(ground, settings[0], method) for method in ground.methods}
    return verdict([_less(sizes[method], sizes["adom"]) for method in ground.methods if method != "adom"], "methods")


def little_affected(ground: Ground) -> str:
    """HyperPrism's range of Max Acc over the densities against that of each baseline."""
    ranges = {
        method: _extent([ground.accuracy(each, method) for each in ground.settings(3)]) for method in ground.methods
    }
    ours = ranges.get(OURS, float("nan"))
    return verdict([_less(ours, ranges[method]) for method in ground.baselines], "baselines")


def dearer_rounds(ground: Ground) -> str:
    """Wall-clock seconds of training and mixing a round against each baseline's, in the base setting."""
    ours, others = _step_s(ground, OURS), [_step_s(ground, method) for method in ground.baselines]
    return verdict([_less(each, ours) for each in others], "baselines")


def cheaper_whole(ground: Ground) -> str:
    """These seconds times the rounds to the common target against each baseline's; infinite where it is not reached."""
    ours, others = _whole_s(ground, OURS), [_whole_s(ground, method) for method in ground.baselines]
    return verdict([_less(ours, each) for each in others], "baselines")


def sooner(ground: Ground) -> str:
    """Simulated seconds to the common target against each baseline's, in the base setting; never is later than any."""
    ours, others = _arrival_s(ground, OURS), [_arrival_s(ground, method) for method in ground.baselines]
    return verdict([_less(ours, each) for each in others], "baselines")


CLAIMS = (
    Claim("HyperPrism has the highest accuracy, by up to 4.87 %", "Max Acc against the best baseline's", highest),
    Claim("HyperPrism converges faster, by up to 98.63 %", "Conv. Rds (common target) against the fastest", fastest),
    Claim(
        "all methods get worse as data gets less IID", "Max Acc, the smallest alpha below the largest", worse_with_skew
    ),
    Claim(
        "most baselines get worse with more devices", "Max Acc, the most devices below the fewest", worse_with_devices
    ),
    Claim("ADOM barely converges with 100 devices", "never reaches the common target", adom_barely),
    Claim(
        "at alpha .1 baselines get worse as density rises",
        "Max Acc, the densest below the sparsest",
        worse_with_density,
    ),
    Claim("ADOM fluctuates strongly at density .8", "mean step of accuracy in the second half, above", adom_fluctuates),
    Claim("HyperPrism is little affected by density", "range of Max Acc over densities, below", little_affected),
    Claim("HyperPrism takes more time a round", "wall-clock training and mixing, above", dearer_rounds),
    Claim("HyperPrism takes less time in all", "that, times Conv. Rds (common target), below", cheaper_whole),
    Claim("the same over the air", "simulated seconds to the common target, below", sooner),
)


def _range(values: list[float]) -> str:
    known = [value for value in values if not np.isnan(value)]
    return f" ({min(known):+.1f} to {max(known):+.1f} %)" if known else ""


def _extent(values: list[float]) -> float:
    return float(np.ptp(values)) if values else float("nan")


def _unrest(ground: Ground, setting: Setting, method: str) -> float:
    steps = []
    for curve in ground.results.curves(ground.place(setting), method).values():
        accuracy = curve.accuracy[np.isfinite(curve.accuracy)]
        steps += np.abs(np.diff(accuracy[len(accuracy) // 2 :])).tolist()
    return float(np.mean(steps)) if steps else float("nan")


def _step_s(ground: Ground, method: str) -> float:
    curves = ground.results.curves(ground.place(ground.results.plan.base), method).values()
    return float(np.median([curve.step_s for curve in curves])) if curves else float("nan")


def _arrival_s(ground: Ground, method: str) -> float:
    found = ground.results.measures(ground.place(ground.results.plan.base), method)
    return found.seconds.mean if found.gets_there or not found.seconds.values else float("inf")


def _whole_s(ground: Ground, method: str) -> float:
    found = ground.results.measures(ground.place(ground.results.plan.base), method)
    rounds = found.rounds.mean if found.gets_there or not found.rounds.values else float("inf")
    return rounds * _step_s(ground, method)
