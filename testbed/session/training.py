"""The local training of a round, as the algorithm wants it: where it begins, and what corrects its steps."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.algorithms import Algorithm, State, Training
from testbed.learning.fleet import Fleet


class Trainer:
    """Trains all devices of a fleet for one round after the other."""

    def __init__(self, fleet: Fleet, algorithm: Algorithm) -> None:
        self._fleet, self._algorithm = fleet, algorithm

    def train(self, models: Tensor, state: State, round_: int) -> tuple[Training, Tensor]:
        """The training of all devices in a round, and its losses (devices,)."""
        updates, losses = self._fleet.updates(self._algorithm.point(models, state), round_)
        lr = models.new_full((len(models), 1), self._algorithm.settings.lr)
        return Training(models, updates, lr), losses


def finished(training: Training, losses: Tensor, trained: NDArray[np.bool_]) -> tuple[Training, Tensor]:
    """Nothing comes off the models of those whose training does not count, and their loss is no number."""
    if trained.all():
        return training, losses
    idle = torch.from_numpy(~trained)
    updates = training.updates.masked_fill(idle[:, None], 0.0)
    return Training(training.models, updates, training.lr), losses.masked_fill(idle, torch.nan)
