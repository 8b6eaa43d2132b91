"""The fleet: all devices' training data and the local steps they take.

The devices' models are not kept here: they are one tensor (devices, parameters) that the caller holds,
hands in and gets updates for, so that training, mixing and saving are functions of values.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.learning import data as datasets
from testbed.learning.backbones.files import folder_of
from testbed.learning.data import DataSet
from testbed.learning.evaluate import Accuracy
from testbed.learning.learnt import Learnt, Whole
from testbed.learning.local import LocalTraining
from testbed.learning.partition import held_out, partition
from testbed.scenario.schema import Algorithm, Scenario
from testbed.seeds import Purpose, generator
from testbed.threads import each

Indices = NDArray[np.int64]


class Fleet(LocalTraining):
    """Devices with data `shards` (rows of the training set, one array each) that train `learnt`.

    `algorithm`, `rounds` and `momentum`: see `LocalTraining`. Batches are drawn uniformly, with replacement, from the
    device's own samples.
    """

    def __init__(
        self,
        data: DataSet,
        shards: Sequence[Indices],
        learnt: Learnt,
        algorithm: Algorithm,
        seed: int,
        rounds: int = 1,
        momentum: float | None = None,
    ) -> None:
        self.data, self.shards, self.learnt, self.seed, self.rounds = data, tuple(shards), learnt, seed, rounds
        self.spec = learnt.spec
        self.counts = np.array([len(shard) for shard in shards], dtype=np.int64)
        self._first = np.cumsum(self.counts) - self.counts
        self._rows = np.concatenate(shards)
        self._accuracy: dict[int, Accuracy] = {}
        super().__init__(learnt.gradients(data.train_x, data.train_y), algorithm, rounds, momentum, learnt.apart)

    def __len__(self) -> int:
        """The number of devices."""
        return len(self.shards)

    def start(self) -> Tensor:
        """The common initial model of all devices, (devices, parameters), float32."""
        return self.learnt.start().repeat(len(self), 1)

    def batches(self, round_: int) -> Tensor:
        """Rows of the training set, (local_steps, devices, batch_size), int64: a function of seed and round alone."""
        return torch.from_numpy(self._rows[self._first[:, None] + self.draws(round_)])

    def draws(self, round_: int) -> Indices:
        """The same, each as a place among the samples of its device."""
        return drawn(self.counts, self.algorithm, self.seed, round_)

    def sample_losses(self, models: Tensor) -> list[Tensor]:
        """Of each device the losses (samples,) on all of its training samples, under its row of `models`."""
        return each(self._losses, models, self.shards)

    def _losses(self, model: Tensor, shard: Indices) -> Tensor:
        rows = torch.from_numpy(shard)
        return self.learnt.losses(model, self.data.train_x[rows], self.data.train_y[rows])

    def accuracy(self, models: Tensor, samples: int = 0) -> Tensor:
        """Top-1 accuracy (devices,) on the first `samples` test images; 0, or more than there are: on all."""
        samples = min(samples or len(self.data.test_y), len(self.data.test_y))
        if samples not in self._accuracy:
            images, labels = self.data.test_x[:samples], self.data.test_y[:samples]
            self._accuracy[samples] = self.learnt.accuracy(images, labels)
        return self._accuracy[samples](models)


def drawn(counts: Indices, algorithm: Algorithm, seed: int, round_: int) -> Indices:
    """Places (local_steps, devices, batch_size) among the samples of devices that have so many, `counts` (devices,)."""
    size = (algorithm.local_steps, len(counts), algorithm.batch_size)
    return generator(seed, Purpose.BATCHES, round_).integers(counts[:, None], size=size)


def of_scenario(
    scenario: Scenario, data_dir: str | None = None, momentum: float | None = None, learnt: Learnt | None = None
) -> Fleet:
    """The fleet that a scenario describes, its data loaded and dealt out. Raises UserError as these do.

    `learnt`: what is trained; by default all of the scenario's model. `momentum`: see `LocalTraining`. Where
    `output.evaluate` says so, accuracy is that on the images held out for validation.
    """
    settings, devices, seed = scenario.data, scenario.devices.count, scenario.run.seed
    data = data_of(scenario, data_dir)
    held, rest = held_out(len(data.train_y), devices, settings, seed)
    shards = [rest[own] for own in partition(data.train_y.numpy()[rest], devices, settings, seed)]
    if scenario.output.evaluate == "validation":
        data = replace(data, test_x=data.train_x[held], test_y=data.train_y[held])
    learnt = learnt or Whole.of(scenario.model, tuple(data.train_x.shape[1:]), data.classes, seed)
    return Fleet(data, shards, learnt, scenario.algorithm, seed, scenario.run.rounds, momentum)


def data_of(scenario: Scenario, data_dir: str | None = None) -> DataSet:
    """The scenario's data set, texts as tokens of the model's own tokenizer. Raises UserError if files are missing."""
    settings, model = scenario.data, scenario.model
    if settings.name in datasets.TEXTS:
        tokenizer = folder_of(model.name, model.path) / "tokenizer.json"
        return datasets.load_texts(settings.name, settings.length, tokenizer, data_dir)
    return datasets.load(settings.name, data_dir, settings.pixels)
