"""What mixing costs: the CIFAR CNN's 62,006 parameters on 50 devices of a graph of density .5.

Times of one round are taken in turn and compared within it; the median over rounds counts, so what else
the machine does weighs on both sides of a ratio. The limit of linear mixing is reading and writing the
models once.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from testbed.aggregation import metropolis, power_mean, power_mean_and_slope
from testbed.algorithms.common import hypernetwork
from testbed.learning.data import DataSet
from testbed.learning.fleet import Fleet
from testbed.learning.learnt import Whole
from testbed.learning.models import PARTS, build
from testbed.scenario.schema import Algorithm
from testbed.seeds import Purpose, generator

DEVICES, PARAMETERS, DENSITY, BATCH = 50, 62_006, 0.5, 128
ROUNDS, CNN_ROUNDS = 25, 7
ODD = torch.arange(3.0, 16.0, 2.0)


def mixing() -> dict[str, float]:
    """Ratios of times, and milliseconds of linear mixing.

    `power_over_linear`: WPM with p = 3 (`power_15_over_linear`: p = 15); `own_power_over_linear`: every
    device with one of the odd p from 3 to 15; `own_real_power_over_linear`: 50 different real p;
    `slope_over_linear`: these with the derivative by p, as HyperPrism needs it; `linear_over_copy`;
    `share_of_cnn_round`: WPM with p = 3 in one local step of all devices, `hyperprism_share_of_cnn_round`
    with 50 different p and slopes; `hypernetworks_ms`, `hypernetworks_over_linear`: what all devices' hypernetworks
    add to that, a step of learning and the choice of p for two parts.
    """
    mixes = _mixes()
    times = _in_turn(mixes, ROUNDS)
    beside = _in_turn({"step": _cnn_step()} | {name: mixes[name] for name in ("p = 3", "slope")}, CNN_ROUNDS)
    return {
        "power_over_linear": _ratio(times, "p = 3", "linear"),
        "power_15_over_linear": _ratio(times, "p = 15", "linear"),
        "own_power_over_linear": _ratio(times, "own odd p", "linear"),
        "own_real_power_over_linear": _ratio(times, "own real p", "linear"),
        "slope_over_linear": _ratio(times, "slope", "linear"),
        "linear_over_copy": _ratio(times, "linear", "copy"),
        "share_of_cnn_round": _ratio(beside, "p = 3", "step"),
        "hyperprism_share_of_cnn_round": _ratio(beside, "slope", "step"),
        "hypernetworks_over_linear": _ratio(times, "hypernetworks", "linear"),
        "linear_ms": round(1e3 * statistics.median(times["linear"]), 3),
        "hypernetworks_ms": round(1e3 * statistics.median(times["hypernetworks"]), 3),
    }


def _mixes() -> dict[str, Callable[[], object]]:
    random = generator(1, Purpose.GRAPH)
    models = torch.from_numpy(0.05 * random.standard_normal((DEVICES, PARAMETERS), dtype=np.float32))
    links = np.triu(random.random((DEVICES, DEVICES)) < DENSITY, 1)
    weights = metropolis(links | links.T, links | links.T)
    odd = ODD[torch.arange(DEVICES) % len(ODD)]
    real = torch.from_numpy(random.uniform(1, 15, DEVICES))
    copy, plain = torch.empty_like(models), weights.float()
    return {
        "copy": lambda: copy.copy_(models),
        "linear": lambda: plain @ models,
        "p = 3": lambda: power_mean(models, weights, 3),
        "p = 15": lambda: power_mean(models, weights, 15),
        "own odd p": lambda: power_mean(models, weights, odd),
        "own real p": lambda: power_mean(models, weights, real),
        "slope": lambda: power_mean_and_slope(models, weights, real),
        "hypernetworks": _hypernetworks(),
    }


def _hypernetworks() -> Callable[[], object]:
    """A round of the hypernetworks of all devices: they learn, and choose."""
    candidates = torch.tensor(Algorithm().candidates)
    networks = hypernetwork.create(DEVICES, len(PARTS), 3.0, candidates, seed=1)
    signal, derivative, lr = (
        torch.zeros(DEVICES, len(PARTS)),
        torch.ones(DEVICES, len(PARTS)),
        torch.full((DEVICES, 1), 0.01),
    )

    def work() -> object:
        learnt = hypernetwork.descend(networks, signal, candidates, derivative, lr)
        return hypernetwork.expected(learnt, signal, candidates)

    return work


def _cnn_step() -> Callable[[], object]:
    """One local step of all devices' CNNs, on noise."""
    random, samples = generator(1, Purpose.BATCHES), DEVICES * BATCH
    images = torch.from_numpy(random.standard_normal((samples, 3, 32, 32), dtype=np.float32))
    labels = torch.from_numpy(random.integers(10, size=samples))
    data = DataSet("noise", images.to(memory_format=torch.channels_last), labels, images[:1], labels[:1], 10)
    shards = np.split(np.arange(samples), DEVICES)
    fleet = Fleet(data, shards, Whole(build("cnn", (3, 32, 32), 10, 1), 10), Algorithm(batch_size=BATCH), seed=1)
    models = fleet.start()
    return lambda: fleet.updates(models, 0)


def _in_turn(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each work in every round, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: seconds[1:] for name, seconds in times.items()}


def _ratio(times: dict[str, list[float]], work: str, limit: str) -> float:
    return round(statistics.median(a / b for a, b in zip(times[work], times[limit], strict=True)), 3)
