"""Local training: the local steps of all devices in a round, whatever it is that they train on."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from testbed.learning.adam import AdamW
from testbed.learning.amended import Amended
from testbed.learning.descent import NO_PULL, Descent, Pull, Trained
from testbed.learning.schedule import lr_at
from testbed.learning.sgd import Sgd
from testbed.learning.steps import ByRound, Gradients
from testbed.scenario.schema import Algorithm

RECENT = 64
"""Rounds whose batches are kept at hand for devices that train each at its own time."""


class LocalTraining(ABC):
    """Devices that each take local steps down `gradients`, as `algorithm` has them (`testbed.learning.sgd`, `.adam`).

    The learning rate is that of `rounds` rounds (`testbed.learning.schedule`). `momentum` stands in place of the
    settings' own, where an algorithm has a default or uses theirs otherwise. `apart`: whether rounds may train some of
    the parameters alone.
    """

    def __init__(
        self,
        gradients: Gradients,
        algorithm: Algorithm,
        rounds: int = 1,
        momentum: float | None = None,
        apart: bool = False,
    ) -> None:
        self.algorithm, self._gradients = algorithm, gradients
        self.momentum = (algorithm.momentum or 0.0) if momentum is None else momentum
        self._descent = descent(algorithm, self.momentum, apart)
        self._lr = partial(lr_at, algorithm, rounds)
        self._kept: dict[int, Tensor] = {}

    @abstractmethod
    def start(self) -> Tensor:
        """The common initial model of all devices, (devices, parameters)."""

    @abstractmethod
    def batches(self, round_: int) -> Tensor:
        """Samples of the local steps, (local_steps, devices, batch), int64: a function of seed and round alone."""

    @abstractmethod
    def accuracy(self, models: Tensor, samples: int = 0) -> Tensor:
        """Accuracy (devices,) on the first `samples` test samples; 0: on all."""

    def sample_losses(self, models: Tensor) -> list[Tensor]:
        """Of each device the losses (samples,) on all of its training samples, under its row of `models`; none where it
        has no samples."""
        return []

    @property
    def keeps(self) -> bool:
        """Whether something goes on from one local step to the next beside the models: `velocity`."""
        return self._descent.keeps

    def velocity_start(self, models: Tensor) -> Tensor:
        """What it is before the first step, a row for each of `models` (devices, parameters)."""
        return self._descent.start(models)

    def gradients(self, models: Tensor, round_: int) -> tuple[Tensor, Tensor]:
        """Gradients (devices, parameters) and mean losses (devices,) at `models` on the round's first batches."""
        out = torch.empty_like(models)
        return out, self._gradients(models, self.batches(round_)[0], out, models.new_ones(len(models), 1))

    def updates(self, models: Tensor, round_: int, pull: Pull = NO_PULL, velocity: Tensor | None = None) -> Trained:
        """What the round's local steps take off `models` (devices, parameters), and what else they give.

        `pull`, `velocity`: see `testbed.learning.descent`.
        """
        lr = models.new_full((len(models), 1), self._lr(round_))
        return self._descent.train(self._of(round_), models, self.batches(round_), lr, pull, velocity)

    def updates_of(
        self,
        models: Tensor,
        devices: Sequence[int],
        rounds: Sequence[int],
        pull: Pull = NO_PULL,
        velocity: Tensor | None = None,
    ) -> Trained:
        """As `updates`, for some devices, each in a local round of its own: all tensors have a row for each of those.

        A device draws the samples, and has the learning rate, that it would have in that round of `updates`.
        """
        if isinstance(self._gradients, ByRound) and len(set(rounds)) > 1:
            return self._apart(models, devices, rounds, pull, velocity)
        lr = models.new_tensor([[self._lr(round_)] for round_ in rounds])
        own = [self._recent(round_)[:, device] for device, round_ in zip(devices, rounds, strict=True)]
        return self._descent.train(self._of(rounds[0]), models, torch.stack(own, 1), lr, pull, velocity)

    def _recent(self, round_: int) -> Tensor:
        """`batches`, kept at hand. A cache around the method would be a cycle, in which a whole data set waits for the
        collector when a run has ended."""
        batches = self._kept.pop(round_, None)
        self._kept[round_] = self.batches(round_) if batches is None else batches
        if len(self._kept) > RECENT:
            del self._kept[next(iter(self._kept))]
        return self._kept[round_]

    def _of(self, round_: int) -> Gradients:
        """The gradients of a round's steps."""
        return self._gradients.of(round_) if isinstance(self._gradients, ByRound) else self._gradients

    def _apart(
        self, models: Tensor, devices: Sequence[int], rounds: Sequence[int], pull: Pull, velocity: Tensor | None
    ) -> Trained:
        """`updates_of`, the devices of each round by themselves. Raises as `Pull.of`."""
        parts, order = list[Trained](), list[int]()
        for round_ in sorted(set(rounds)):
            rows = [row for row, own in enumerate(rounds) if own == round_]
            some, kept = [devices[row] for row in rows], None if velocity is None else velocity[rows]
            parts.append(self.updates_of(models[rows], some, [round_] * len(rows), pull.of(rows), kept))
            order += rows
        back = torch.tensor(order).argsort()
        found = zip(*((part.updates, part.losses, part.lr) for part in parts), strict=True)
        updates, losses, lr = (torch.cat(rows)[back] for rows in found)
        kept_after = [part.velocity for part in parts if part.velocity is not None]
        return Trained(updates, losses, lr, torch.cat(kept_after)[back] if kept_after else None)


def descent(algorithm: Algorithm, momentum: float, apart: bool = False) -> Descent:
    """The optimiser that `algorithm` names; `apart` as in `LocalTraining`."""
    adam = algorithm.betas, algorithm.epsilon, algorithm.weight_decay, algorithm.clip, apart
    if algorithm.amend:
        return Amended(*adam, amend=algorithm.amend)
    return AdamW(*adam) if algorithm.optimizer == "adamw" else Sgd(momentum, algorithm.weight_decay, algorithm.clip)
