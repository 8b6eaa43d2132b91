"""What the finished cells say."""

from dataclasses import dataclass

import numpy as np

from testbed.exchange import HEADER_BYTES
from testbed.lora.wire import FIELDS
from testbed.report.spread import Spread, spread
from testbed.reproduction.lora.jobs import Jobs
from testbed.reproduction.lora.plan import Place
from testbed.reproduction.lora.tasks import NUMBER_BYTES, Task, shape, whole_bytes
from testbed.results.curve import Curve

SHARE = 0.9
"""Of full fine-tuning's best accuracy under the same seed, the common target is so much."""
RATE_BPS = 24e6
"""Of all frames: makes bytes of air time."""


@dataclass(frozen=True)
class Measures:
    """Of one method in one place; each `Spread` is over the finished seeds."""

    best: Spread
    last: Spread
    megabytes: Spread
    """Of messages, of all devices in all rounds, as they were handed to the network."""
    air_megabytes: Spread
    """What the radios of all devices sent, hellos, repairs and preambles among it: air time at 24 Mb/s."""
    seconds: Spread
    """Simulated, of all rounds."""
    joules: Spread
    """Of all devices in all rounds."""
    rounds_to: Spread
    """To the common target; so is what follows."""
    megabytes_to: Spread
    seconds_to: Spread
    joules_to: Spread
    rank: Spread
    """At the end, mean over layers and devices."""
    energy_above: Spread
    """At the end: share of |B A|_F^2 above the smallest rank."""
    saved: Spread
    """1 - bytes / bytes of full fine-tuning over as many rounds."""
    saved_numbers: Spread
    """The same of adapters alone: without headers, and without what is trained whole."""
    diverged: int
    seeds: int


class Results:
    """Reads what `jobs` has finished."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs, self.plan = jobs, jobs.plan

    def curves(self, place: Place, method: str) -> dict[int, Curve]:
        """Finished seeds and what they gave."""
        store = self.jobs.store
        return {cell.seed: store.curve(cell) for cell in self.jobs.line(place, method) if store.is_done(cell)}

    def targets(self, place: Place) -> dict[int, float]:
        """The common target of each seed."""
        return {seed: SHARE * curve.best for seed, curve in self.curves(place, "whole").items()}

    def measures(self, place: Place, method: str) -> Measures:
        """Of all finished seeds; to the common target where full fine-tuning has finished as well."""
        found, targets = self.curves(place, method), self.targets(place)
        curves = [curve for curve in found.values() if len(curve.accuracy)]
        paired = [(curve, targets[seed]) for seed, curve in found.items() if seed in targets]
        adapted = [curve for curve in curves if len(curve.rank)]
        return Measures(
            best=spread(curve.best for curve in found.values()),
            last=spread(curve.last for curve in found.values()),
            megabytes=spread(curve.bytes[-1] / 1e6 for curve in curves),
            air_megabytes=spread(curve.airtime_s[-1] * RATE_BPS / 8e6 for curve in curves),
            seconds=spread(curve.seconds[-1] for curve in curves),
            joules=spread(curve.joules[-1] for curve in curves),
            rounds_to=spread(curve.first(target) or np.nan for curve, target in paired),
            megabytes_to=spread(curve.at(curve.bytes, target) / 1e6 for curve, target in paired),
            seconds_to=spread(curve.at(curve.seconds, target) for curve, target in paired),
            joules_to=spread(curve.at(curve.joules, target) for curve, target in paired),
            rank=spread(curve.rank[-1] for curve in adapted),
            energy_above=spread(curve.energy_above[-1] for curve in adapted),
            saved=spread(saved(place.task, curve) for curve in curves),
            saved_numbers=spread(saved_numbers(place.task, curve) for curve in adapted),
            diverged=sum(curve.diverged for curve in found.values()),
            seeds=len(found),
        )


def saved(task: Task, curve: Curve) -> float:
    """1 - bytes / bytes of full fine-tuning, over the rounds that there were; headers, head and masks count."""
    return 1 - float(curve.bytes[-1]) / (_messages(task, curve) * whole_bytes(task))


def saved_numbers(task: Task, curve: Curve) -> float:
    """The same of adapters alone, as LoRA-A2's paper counts: without headers and without the head, which full
    fine-tuning has among its numbers. Ranks and masks, a few bytes, are left in."""
    head = HEADER_BYTES + FIELDS.size + NUMBER_BYTES * shape(task).head
    sent = float(curve.bytes[-1]) - _messages(task, curve) * head
    return 1 - max(sent, 0.0) / (_messages(task, curve) * NUMBER_BYTES * shape(task).whole)


def _messages(task: Task, curve: Curve) -> int:
    """Of all devices and rounds: each sends one in each."""
    return task.devices * len(curve.bytes)
