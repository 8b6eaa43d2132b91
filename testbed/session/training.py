"""The local training of a round, as the algorithm wants it: where it begins, what corrects its steps, and the momentum
that goes on from one round to the next."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.algorithms import Algorithm, State, Training
from testbed.learning.descent import Pull
from testbed.learning.local import LocalTraining
from testbed.learning.sgd import Trained

VELOCITY = "velocity of local steps"
"""Under this name a state holds the momentum buffers, or Adam's moments, beside what is the algorithm's."""

Done = tuple[Training, Tensor, State]
"""A training, its losses (devices,), and the momentum buffers after it, if there are such."""


class Trainer:
    """Trains all devices of a fleet, round after round."""

    def __init__(self, fleet: LocalTraining, algorithm: Algorithm) -> None:
        self._fleet, self._algorithm = fleet, algorithm
        self._keeps = keeps(fleet, algorithm)

    def start(self, models: Tensor) -> State:
        """All that is kept beside the models, before the first round."""
        return self._algorithm.start(models) | self.velocity(models)

    def velocity(self, models: Tensor) -> State:
        """What of that is not the algorithm's: momentum, if it is kept."""
        return {VELOCITY: self._fleet.velocity_start(models)} if self._keeps else {}

    def train(self, models: Tensor, state: State, round_: int) -> Done:
        """All devices in a round."""
        algorithm, own = self._algorithm, without_velocity(state)
        pull = Pull(
            correction=algorithm.correction(own),
            scale=algorithm.scale(own, round_),
            proximal=algorithm.proximal(own, round_),
            penalty=algorithm.penalty(own, round_),
        )
        velocity = anew(state.get(VELOCITY), algorithm.fresh(own))
        trained = self._fleet.updates(algorithm.point(models, own), round_, pull, velocity)
        return self._done(models, trained, round_)

    def _done(self, models: Tensor, trained: Trained, round_: int) -> Done:
        velocity = {VELOCITY: trained.velocity} if self._keeps and trained.velocity is not None else {}
        return Training(models, trained.updates, trained.lr, round_), trained.losses, velocity


def anew(velocity: Tensor | None, fresh: Tensor | None) -> Tensor | None:
    """Momentum (devices, ...), zero for those that are `fresh` (devices,) bool."""
    return velocity if velocity is None or fresh is None else velocity.masked_fill(fresh[:, None], 0.0)


def keeps(fleet: LocalTraining, algorithm: Algorithm) -> bool:
    """Whether momentum, or Adam's moments, go on from one local training to the next."""
    return fleet.keeps and not algorithm.restarts


def without_velocity(state: State) -> State:
    """What of a state is the algorithm's."""
    return {name: tensor for name, tensor in state.items() if name != VELOCITY}


def finished(done: Done, trained: NDArray[np.bool_], before: State, fresh: Tensor | None = None) -> Done:
    """Nothing comes off the models of those whose training does not count, their momentum is as `before`, or zero where
    they are `fresh` (devices,) bool, and their loss is no number."""
    if trained.all():
        return done
    training, losses, velocity = done
    idle = torch.from_numpy(~trained)
    updates = training.updates.masked_fill(idle[:, None], 0.0)
    velocity = {name: _kept(idle, before[name], fresh, tensor) for name, tensor in velocity.items()}
    return replace(training, updates=updates), losses.masked_fill(idle, torch.nan), velocity


def _kept(idle: Tensor, before: Tensor, fresh: Tensor | None, after: Tensor) -> Tensor:
    """The momentum after a round, and that before it for those that are `idle` (devices,) bool."""
    old = anew(before, fresh)
    assert old is not None
    return torch.where(idle[:, None], old, after)
