"""The fleet: all devices' training data and the local steps they take.

The devices' models are not kept here: they are one tensor (devices, parameters) that the caller holds,
hands in and gets updates for, so that training, mixing and saving are functions of values.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.learning import data as datasets
from testbed.learning.data import DataSet
from testbed.learning.evaluate import Accuracy, accuracy
from testbed.learning.models import build
from testbed.learning.partition import partition
from testbed.learning.steps import Execution, gradients, resolved
from testbed.scenario.schema import Algorithm, Scenario
from testbed.seeds import Purpose, generator

RECENT = 64
"""Rounds whose batches are kept at hand for devices that train each at its own time."""

Indices = NDArray[np.int64]


class Fleet:
    """Devices with data `shards` (rows of the training set, one array each) that train the model `name`.

    `algorithm` gives lr, batch size and local steps; batches are drawn uniformly, with replacement, from
    the device's own samples. `execution` is explained at `testbed.learning.steps.gradients`.
    """

    def __init__(
        self,
        data: DataSet,
        shards: Sequence[Indices],
        name: str,
        algorithm: Algorithm,
        seed: int,
        execution: Execution = "auto",
    ) -> None:
        shape = tuple(data.train_x.shape[1:])
        self.data, self.shards, self.algorithm, self.seed = data, tuple(shards), algorithm, seed
        self.model = build(name, (shape[0], shape[1], shape[2]), data.classes, seed)
        self.spec = self.model.spec
        self._counts = np.array([len(shard) for shard in shards], dtype=np.int64)
        self._first = np.cumsum(self._counts) - self._counts
        self._rows = np.concatenate(shards)
        self.execution = resolved(self.model, execution)
        self._gradients = gradients(self.model, data.train_x, data.train_y, execution)
        self._accuracy: dict[int, Accuracy] = {}
        self._recent = lru_cache(RECENT)(self.batches)

    def __len__(self) -> int:
        """The number of devices."""
        return len(self.shards)

    def start(self) -> Tensor:
        """The common initial model of all devices, (devices, parameters), float32."""
        return self.model.start().repeat(len(self), 1)

    def batches(self, round_: int) -> Tensor:
        """Rows of the training set, (local_steps, devices, batch_size), int64: a function of seed and round alone."""
        draw = generator(self.seed, Purpose.BATCHES, round_)
        size = (self.algorithm.local_steps, len(self), self.algorithm.batch_size)
        own = draw.integers(self._counts[:, None], size=size)
        return torch.from_numpy(self._rows[self._first[:, None] + own])

    def gradients(self, models: Tensor, round_: int) -> tuple[Tensor, Tensor]:
        """Gradients (devices, parameters) and mean losses (devices,) at `models` on the round's first batches."""
        return self._step(models, self.batches(round_)[0], 1.0)

    def updates(self, models: Tensor, round_: int) -> tuple[Tensor, Tensor]:
        """What the round's local steps take off `models` (devices, parameters), and the mean losses (devices,).

        One local step: lr times the gradient. More: start minus end of that many steps of plain SGD, the
        loss being the mean over steps. Losses and updates that are not finite are returned as they are.
        """
        return self._train(models, self.batches(round_))

    def updates_of(self, models: Tensor, devices: Sequence[int], rounds: Sequence[int]) -> tuple[Tensor, Tensor]:
        """As `updates`, for some devices, each in a local round of its own: models, updates (those, parameters).

        A device draws the samples that it would have drawn in that round of `updates`.
        """
        own = [self._recent(round_)[:, device] for device, round_ in zip(devices, rounds, strict=True)]
        return self._train(models, torch.stack(own, 1))

    def _train(self, models: Tensor, batches: Tensor) -> tuple[Tensor, Tensor]:
        if len(batches) == 1:
            return self._step(models, batches[0], self.algorithm.lr)
        end, losses = models.clone(), []
        for rows in batches:
            step, loss = self._step(end, rows, self.algorithm.lr)
            end -= step
            losses.append(loss)
        return models - end, torch.stack(losses).mean(0)

    def _step(self, models: Tensor, rows: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        out = torch.empty_like(models)
        return out, self._gradients(models, rows, out, scale)

    def accuracy(self, models: Tensor, samples: int = 0) -> Tensor:
        """Top-1 accuracy (devices,) on the first `samples` test images; 0, or more than there are: on all."""
        samples = min(samples or len(self.data.test_y), len(self.data.test_y))
        if samples not in self._accuracy:
            images, labels = self.data.test_x[:samples], self.data.test_y[:samples]
            self._accuracy[samples] = accuracy(self.model, images, labels, self.data.classes)
        return self._accuracy[samples](models)


def of_scenario(scenario: Scenario, data_dir: str | None = None) -> Fleet:
    """The fleet that a scenario describes, its data loaded and dealt out. Raises UserError as these do."""
    data = datasets.load(scenario.data.name, data_dir, scenario.data.pixels)
    shards = partition(data.train_y.numpy(), scenario.devices.count, scenario.data, scenario.run.seed)
    return Fleet(data, shards, scenario.model.name, scenario.algorithm, scenario.run.seed, scenario.model.execution)
