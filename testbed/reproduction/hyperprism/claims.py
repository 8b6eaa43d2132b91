"""What the paper claims in words, each against the cells.

The numbers of its tables are known only as pictures; these sentences are what can be compared. Where one cannot be
measured as it stands ("barely converges", "fluctuates strongly", "little affected") `measure` says how we read it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testbed.reproduction.hyperprism.ground import UNKNOWN, Ground, arrival_s, less, step_s, unrest, verdict, whole_s
from testbed.reproduction.hyperprism.results import OURS


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper, how it is measured, and a function that measures it."""

    sentence: str
    measure: str
    judge: Callable[[Ground], str]


def highest(ground: Ground) -> str:
    """Max Acc of HyperPrism against that of the best baseline."""
    gains = [ground.results.gains(ground.place(setting))[0] for setting in ground.settings()]
    return verdict([less(0, gain) for gain in gains], "settings") + _range(gains)


def fastest(ground: Ground) -> str:
    """Conv. Rds of HyperPrism against those of the fastest baseline."""
    gains = [ground.results.gains(ground.place(setting))[1] for setting in ground.settings()]
    return verdict([less(0, gain) for gain in gains], "settings") + _range(gains)


def worse_with_skew(ground: Ground) -> str:
    """Max Acc at the smallest alpha against that at the largest."""
    return verdict([less(*ground.ends(2, method)) for method in ground.methods], "methods")


def worse_with_devices(ground: Ground) -> str:
    """Max Acc with the most devices against that with the fewest."""
    return verdict([less(*ground.ends(4, method)[::-1]) for method in ground.baselines], "baselines")


def worse_with_density(ground: Ground) -> str:
    """Max Acc in the densest graph against that in the sparsest, at alpha .1."""
    return verdict([less(*ground.ends(3, method)[::-1]) for method in ground.baselines], "baselines")


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
    sizes = {method: unrest(ground, settings[0], method) for method in ground.methods}
    return verdict([less(sizes[method], sizes["adom"]) for method in ground.methods if method != "adom"], "methods")


def little_affected(ground: Ground) -> str:
    """HyperPrism's range of Max Acc over the densities against that of each baseline."""
    ranges = {
        method: _extent([ground.accuracy(each, method) for each in ground.settings(3)]) for method in ground.methods
    }
    ours = ranges.get(OURS, float("nan"))
    return verdict([less(ours, ranges[method]) for method in ground.baselines], "baselines")


def dearer_rounds(ground: Ground) -> str:
    """Wall-clock seconds of training and mixing a round against each baseline's, in the base setting."""
    ours, others = step_s(ground, OURS), [step_s(ground, method) for method in ground.baselines]
    return verdict([less(each, ours) for each in others], "baselines")


def cheaper_whole(ground: Ground) -> str:
    """These seconds times the rounds to the common target against each baseline's; infinite where it is not reached."""
    ours, others = whole_s(ground, OURS), [whole_s(ground, method) for method in ground.baselines]
    return verdict([less(ours, each) for each in others], "baselines")


def sooner(ground: Ground) -> str:
    """Simulated seconds to the common target against each baseline's, in the base setting; never is later than any."""
    ours, others = arrival_s(ground, OURS), [arrival_s(ground, method) for method in ground.baselines]
    return verdict([less(ours, each) for each in others], "baselines")


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
