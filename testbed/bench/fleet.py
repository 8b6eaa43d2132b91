"""How close the fleet's local steps come to the limit: the same samples through one model, as one large batch.

The limit is handed its images in one piece and in whichever memory format is faster for it; the fleet's time
holds all that a round of training does: drawing and gathering the batches, 50 forward and backward passes
with 50 different models, and the update.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from testbed.learning.data import DataSet
from testbed.learning.fleet import Fleet
from testbed.learning.learnt import Whole
from testbed.learning.models import build
from testbed.learning.steps import resolved
from testbed.scenario.schema import Algorithm

DEVICES, BATCH, SAMPLES, CLASSES = 50, 128, 20000, 10
MODELS = {"logistic": ((1, 28, 28), 15), "mlp": ((1, 28, 28), 9), "cnn": ((3, 32, 32), 3)}
"""Model to the images it gets, and the number of measurements of which the median counts."""


def fleet() -> dict[str, dict[str, Any]]:
    """Per model: the limit's time over the fleet's, device-steps per second, and how `auto` executes it."""
    measured = {name: _measure(name, shape, repeats) for name, (shape, repeats) in MODELS.items()}
    return {
        "ratio_to_limit": {name: round(limit / own, 3) for name, (limit, own, _) in measured.items()},
        "device_steps_per_s": {name: round(DEVICES / own) for name, (_, own, _) in measured.items()},
        "execution": {name: way for name, (*_, way) in measured.items()},
    }


def _measure(name: str, shape: tuple[int, int, int], repeats: int) -> tuple[float, float, str]:
    """Seconds of the limit and of the fleet for the same 6,400 samples, measured in turn; the fleet's execution."""
    data = _images(shape)
    shards = np.array_split(np.arange(SAMPLES), DEVICES)
    learnt = Whole(build(name, shape, 10, 1), 10)
    own = Fleet(data, shards, learnt, Algorithm(batch_size=BATCH), seed=1)
    models, rows = own.start(), own.batches(0).view(-1)
    labels = data.train_y[rows]
    ways: dict[str, Callable[[], object]] = {"fleet": lambda: own.updates(models, 0)}
    for layout in (torch.contiguous_format, torch.channels_last):
        x = data.train_x[rows].contiguous(memory_format=layout)
        ways[str(layout)] = _one_large_batch(learnt.model.module, x, labels)
    seconds = medians(ways, repeats)
    spent = seconds.pop("fleet")
    return min(seconds.values()), spent, resolved(learnt.model, "auto")


def _one_large_batch(module: nn.Module, x: Tensor, y: Tensor) -> Callable[[], None]:
    def step() -> None:
        torch.autograd.grad(cross_entropy(module(x), y), list(module.parameters()))

    return step


def medians(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, run in turn so that what else the machine does meets all alike; first a warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(each[1:]) for name, each in seconds.items()}


def _images(shape: tuple[int, int, int]) -> DataSet:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(SAMPLES, *shape, generator=draw).contiguous(memory_format=torch.channels_last)
    y = torch.randint(CLASSES, (SAMPLES,), generator=draw)
    return DataSet("random", x, y, x[:1000], y[:1000], CLASSES)
