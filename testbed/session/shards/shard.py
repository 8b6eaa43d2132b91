"""Some devices of a run: their data, their models, and what a round does to them.

Arrays go in and come out as numpy's, so that whoever carries them between processes need not copy them.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.algorithms import State, Training
from testbed.learning.part import Part
from testbed.scenario import Scenario
from testbed.session.barrier import of_those
from testbed.session.divergence import first_broken
from testbed.session.learner import Learner
from testbed.session.theory import sizes, small, squared_distances, summed
from testbed.session.training import Done, Trainer, finished, without_velocity

Array = NDArray[Any]
MODELS = "models"
"""Under this name `Shard.kept` has the models, beside the state."""
Kept = dict[str, Array]


@dataclass(frozen=True)
class Told:
    """What all shards have to know of a round that the network has carried; arrays are of all devices."""

    round_: int
    trained: NDArray[np.bool_]
    mixing: NDArray[np.bool_]
    seconds: NDArray[np.float64]
    """That messages took, see `Training.seconds`."""
    weights: list[NDArray[np.float64]]
    """(devices, devices) of each exchange."""
    evaluated: bool
    """Whether accuracy is measured."""


@dataclass(frozen=True)
class Measured:
    """What a round did to a shard's devices; arrays have one value for each."""

    losses: Array
    accuracy: Array
    squares: Array
    """Of the distance to the mean model of all devices."""
    sizes: Array
    small: Array
    """See `testbed.session.theory`."""
    report: Mapping[str, Array]
    broken: int | None
    """The first device, of all, whose model is not finite."""
    values: int
    """Of all models of the shard together."""
    seconds: Mapping[str, float]
    """Of wall time by part of the round."""


@dataclass
class Shard:
    """The devices `rows` of a scenario. Its methods are called in the order in which they stand, round after round."""

    scenario: Scenario
    learner: Learner
    rows: slice
    _seconds: dict[str, float] = field(default_factory=dict)
    _models: Tensor = field(init=False)
    _state: State = field(init=False)
    _done: Done = field(init=False)
    """Of the round's local steps, before it is known what of them counts."""
    _training: Training = field(init=False)
    """What of them counts; and what the exchanges have made of the algorithm's state so far."""
    _following: State = field(init=False)

    def __post_init__(self) -> None:
        self._algorithm = self.learner.algorithm
        self._algorithm.rows = self.rows
        self._fleet = Part(self.learner.fleet, self.rows)
        self._trainer = Trainer(self._fleet, self._algorithm)

    def start(self) -> list[str]:
        """The common initial model, before the first round. Returns the names of what is reported for each device."""
        everybody = self._fleet.learnt.start().expand(self.scenario.devices.count, -1)
        self._models = self._algorithm.first(everybody)[self.rows].clone()
        started = self._algorithm.start(everybody)
        self._state = {name: tensor[self.rows].clone() for name, tensor in started.items()}
        self._state |= self._trainer.velocity(self._models)
        return list(self._algorithm.report(self._state))

    def restore(self, kept: Kept) -> list[str]:
        """As `start`, but with what was `kept`."""
        tensors = {name: torch.from_numpy(array.copy()) for name, array in kept.items()}
        self._models = tensors.pop(MODELS)
        self._state = tensors
        return list(self._algorithm.report(self._state))

    def train(self, round_: int) -> None:
        """The local steps of a round."""
        self._seconds = {}
        with self._timed("training"):
            self._done = self._trainer.train(self._models, self._state, round_)

    def send(self, told: Told, exchange: int) -> Array:
        """The messages (own devices, values) of an exchange."""
        with self._timed("mixing"):
            if exchange == 0:
                self._begin(told)
            return self._algorithm.message(self._training, self._following).contiguous().numpy()

    def mix(self, told: Told, exchange: int, *messages: Array) -> None:
        """Mix the messages of all shards, in their order. After the last exchange the round's models are there."""
        with self._timed("mixing"):
            everybody = torch.from_numpy(np.concatenate(messages))
            weights = torch.from_numpy(told.weights[exchange].copy())
            mixed, self._following = self._algorithm.mix(self._training, everybody, weights, self._following)
            if exchange + 1 == len(told.weights):
                new, mixing = (mixed, self._following | self._velocity), told.mixing[self.rows].copy()
                self._models, self._state = of_those(mixing, new, (self._models, self._state))

    def add(self, total: Array | None) -> Array:
        """The sum of the models of all devices before (parameters,), None for none, and of these."""
        with self._timed("evaluation"):
            return summed(self._models, None if total is None else torch.from_numpy(total.copy())).numpy()

    def measure(self, told: Told, total: Array) -> Measured:
        """What is written down of the round; `total` is the sum of all devices' models."""
        with self._timed("evaluation"):
            accuracy, mean = self._accuracy(told), torch.from_numpy(total / self.scenario.devices.count)
            squares, broken = squared_distances(self._models, mean), first_broken(self._models)
            lengths, few = sizes(self._models), small(self._models)
        return Measured(
            losses=self._losses.numpy(),
            accuracy=accuracy.numpy(),
            squares=squares.numpy(),
            sizes=lengths.numpy(),
            small=few.numpy(),
            report={name: column.contiguous().numpy() for name, column in self._algorithm.report(self._state).items()},
            broken=None if broken is None else self.rows.start + broken,
            values=self._models.numel(),
            seconds=self._seconds,
        )

    def kept(self) -> Kept:
        """All that stands between two rounds."""
        tensors: State = {MODELS: self._models, **self._state}
        return {name: tensor.contiguous().numpy() for name, tensor in tensors.items()}

    def _begin(self, told: Told) -> None:
        """What of the training counts, now that this is known."""
        own, kept = told.trained[self.rows], without_velocity(self._state)
        training, self._losses, self._velocity = finished(self._done, own, self._state, self._algorithm.fresh(kept))
        seconds = torch.from_numpy(told.seconds[self.rows].copy())
        self._training = replace(training, losses=self._losses, seconds=seconds)
        self._following = kept

    def _accuracy(self, told: Told) -> Tensor:
        if not told.evaluated:
            return torch.full((len(self._models),), torch.nan)
        return self._fleet.accuracy(self._models, self.scenario.output.eval_samples)

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[part] = self._seconds.get(part, 0.0) + time.perf_counter() - began
