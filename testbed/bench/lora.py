"""What a local step of 20 devices with adapters costs, in time, memory and bytes.

Its time is held against two others of the same samples in one piece, forward and backward: through one adapter (the
limit: at most 1.3 times that is wanted), and through the same base trained whole. The devices' time holds all that a
round of training does beside: drawing and gathering the batches, and the update. Networks are random, samples too.
"""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from testbed.algorithms.common.message import size_bytes
from testbed.bench.fleet import medians
from testbed.learning.data import DataSet
from testbed.learning.fleet import Fleet
from testbed.learning.models import build
from testbed.lora.learnt import WithAdapters
from testbed.lora.model import Adapted, adapt
from testbed.lora.wire import Code
from testbed.scenario.schema import Algorithm

DEVICES, RANK, SAMPLES, CLASSES = 20, 8, 4000, 10
MANY = 50
"""Devices whose memory is measured."""
TOKENS, WORDS, WIDTH, LAYERS = 32, 30_522, 384, 6
"""Of a text, of the vocabulary, of MiniLM-L6."""
STATUS, CLEAR, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs"), "5"
"""Linux: what a process takes; `PEAK` written into the second begins its peak anew."""


class Case(NamedTuple):
    """A base, how many samples a device has in a step, and the measurements of which the median counts."""

    model: str
    batch: int
    repeats: int


CASES = (
    Case("mlp", 16, 41),
    Case("mlp", 128, 15),
    Case("cnn", 16, 15),
    Case("cnn", 128, 5),
    Case("transformer", 4, 3),
)
ROOM = {"cnn": 6}
"""The largest rank that fits, where that is below `RANK`."""


def lora() -> dict[str, Any]:
    """For each of `CASES` the milliseconds of a step, and its ratios `over_one_adapter` and `over_whole_model`.

    `message_bytes`: in each type of numbers, and of the whole model. `memory_mb`: by how much memory grows at its peak
    in a step of `MANY` devices beside the transformer, which is there before.

    Times are medians of measurements taken in turn.
    """
    models = {name: adapted(name) for name in dict.fromkeys(case.model for case in CASES)}
    return {
        **{f"{case.model}, batch {case.batch}": _times(models[case.model], case) for case in CASES},
        "message_bytes": {name: _bytes(model) for name, model in models.items()},
        "memory_mb": _memory(),
    }


class Transformer(nn.Module):
    """A text's tokens to classes, of MiniLM's size: 22.6 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 12, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.layers(self.words(x)).mean(1))
        return logits


def adapted(name: str) -> Adapted:
    """A base with adapters, on queries and values in the transformer."""
    if name == "transformer":
        return adapt(Transformer(), _samples(name, 1)[0], RANK, ("q_proj", "v_proj"), name=name)
    return adapt(build(name, (1, 28, 28), CLASSES, 1).module, _samples(name, 1)[0], ROOM.get(name, RANK), name=name)


def _samples(name: str, count: int) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    if name == "transformer":
        return torch.randint(WORDS, (count, TOKENS), generator=draw)
    return torch.randn(count, 1, 28, 28, generator=draw)


def _fleet(model: Adapted, name: str, batch: int, devices: int = DEVICES) -> Fleet:
    x, y = _samples(name, SAMPLES), torch.arange(SAMPLES) % CLASSES
    data = DataSet("random", x, y, x[:1], y[:1], CLASSES)
    shards = np.array_split(np.arange(SAMPLES), devices)
    return Fleet(data, shards, WithAdapters(model, seed=1), Algorithm(batch_size=batch), seed=1)


def _times(model: Adapted, case: Case) -> dict[str, float]:
    own = _fleet(model, case.model, case.batch)
    models, rows = own.start(), own.batches(0).flatten()
    x, y = own.data.train_x[rows], own.data.train_y[rows]
    seconds = medians(
        {
            "devices": lambda: own.updates(models, 0),
            "adapter": _one_adapter(model, models[:1], x, y),
            "whole": _whole(case.model, x, y),
        },
        case.repeats,
    )
    return {
        "step_ms": round(1e3 * seconds["devices"], 2),
        "over_one_adapter": round(seconds["devices"] / seconds["adapter"], 2),
        "over_whole_model": round(seconds["devices"] / seconds["whole"], 2),
    }


def _one_adapter(model: Adapted, values: Tensor, x: Tensor, y: Tensor) -> Callable[[], object]:
    weights = {name: view.detach().requires_grad_() for name, view in model.spec.views(values).items()}

    def step() -> object:
        return torch.autograd.grad(cross_entropy(model.logits(weights, x[None])[0], y), list(weights.values()))

    return step


def _whole(name: str, x: Tensor, y: Tensor) -> Callable[[], object]:
    module = Transformer() if name == "transformer" else build(name, (1, 28, 28), CLASSES, 1).module
    parameters = list(module.parameters())
    return lambda: torch.autograd.grad(cross_entropy(module(x), y), parameters)


def _bytes(model: Adapted) -> dict[str, int]:
    every = torch.ones(1, model.layout.components, dtype=torch.bool)
    sizes = {kind: int(Code(model.layout, kind).size_bytes(every, every)) for kind in ("float32", "float16", "int8")}
    return {**sizes, "whole": size_bytes(model.full_size)}


def _memory() -> float | None:
    """In a process of its own; None where the system does not tell a process's peak (it does on Linux)."""
    if not CLEAR.exists():
        return None
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown)


def _grown() -> float:
    model = adapted("transformer")
    own = _fleet(model, "transformer", 16, MANY)
    CLEAR.write_text(PEAK)
    before = _resident_kb("VmRSS")
    own.updates(own.start(), 0)
    return round((_resident_kb("VmHWM") - before) / 1e3, 1)


def _resident_kb(what: str) -> int:
    """Of this process: `VmRSS` now, `VmHWM` at its peak."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1])
