"""What all optimisers of local steps have in common: the steps of a round, one after the other, and what pulls at
them.

Beside the gradient g at a device's model x a step may have a `correction`, which an algorithm adds to every gradient
of a round, the pull back of a proximal term mu / 2 |x - x0|^2 to where the local training began (Li et al. 2020,
FedProx, eq. 2), and the slope of a `penalty`; all after clipping, as weight decay has it (our reading). `scale`
multiplies what a step takes off, number by number: a learning rate for each. Where it is 0 nothing moves, and neither
the norm that `clip` bounds nor the momentum knows of the gradient there: so torch treats parameters that need no
gradient.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from testbed.learning.steps import Gradients

TINY = 1e-6
"""What torch adds to a norm before it divides by it."""


Penalty = Callable[[Tensor], Tensor | None]
"""From models (devices, parameters), as a step finds them, to what is added to their gradients; None for nothing."""


class Trained(NamedTuple):
    """What a round of local steps gives."""

    updates: Tensor
    """(devices, parameters) start minus end of the local steps; for one plain step lr times the gradient."""
    losses: Tensor
    """(devices,) mean over the steps."""
    lr: Tensor
    """(devices, 1) learning rate of the round, in the models' type."""
    velocity: Tensor | None
    """(devices, ...) what the optimiser keeps after the last step, as its `start` has it; None if it keeps nothing."""


@dataclass(frozen=True)
class Pull:
    """What acts on the steps of a round beside the gradients."""

    correction: Tensor | None = None
    """(devices, parameters); None for 0."""
    scale: Tensor | None = None
    """(devices, parameters), or one row for all; not negative; None for 1."""
    proximal: float = 0.0
    """mu."""
    penalty: Penalty | None = None
    begin: Tensor | None = None
    """(devices, parameters) x0: `Descent.train` puts it in where mu is not 0."""

    @property
    def nothing(self) -> bool:
        """Whether steps are as without it."""
        return self.correction is None and self.scale is None and self.penalty is None and not self.proximal

    def of(self, rows: list[int]) -> "Pull":
        """That of some devices alone. ValueError for a penalty, which is of all together."""
        if self.penalty is not None:
            raise ValueError("devices in rounds of their own cannot have a penalty together")
        return replace(self, correction=_rows(self.correction, rows), scale=_rows(self.scale, rows))

    @cached_property
    def frozen(self) -> Tensor:
        """Where nothing moves."""
        assert self.scale is not None
        return self.scale == 0

    def hide(self, gradients: Tensor) -> None:
        """Take those of frozen columns away."""
        if self.scale is not None:
            gradients.masked_fill_(self.frozen, 0.0)

    def add(self, gradients: Tensor, models: Tensor) -> None:
        """Put to the gradients what is added to them."""
        if self.correction is not None:
            gradients += self.correction
        if self.proximal:
            assert self.begin is not None
            gradients.add_(models - self.begin, alpha=self.proximal)
        slope = None if self.penalty is None else self.penalty(models)
        if slope is not None:
            gradients += slope

    def scaled(self, step: Tensor) -> Tensor:
        """What of a step is taken, in its place; nothing from frozen columns, whatever the step is there."""
        return step if self.scale is None else step.mul_(self.scale).masked_fill_(self.frozen, 0.0)

    def moving(self, step: Tensor) -> Tensor:
        """The step, in its place, without frozen columns."""
        return step if self.scale is None else step.masked_fill_(self.frozen, 0.0)

    def kept(self, new: Tensor, old: Tensor | None) -> Tensor:
        """The new momentum, and the old one in frozen columns; None stands for zeros."""
        if self.scale is None:
            return new
        return new.masked_fill_(self.frozen, 0.0) if old is None else torch.where(self.frozen, old, new)


NO_PULL = Pull()


class Descent(ABC):
    """An optimiser: frozen settings, and steps that are functions of values."""

    @property
    @abstractmethod
    def keeps(self) -> bool:
        """Whether something goes on from one step to the next beside the models."""

    def start(self, models: Tensor) -> Tensor:
        """(devices, ...) what is kept, before the first step."""
        return torch.zeros_like(models)

    def train(
        self,
        gradients: Gradients,
        models: Tensor,
        batches: Tensor,
        lr: Tensor,
        pull: Pull = NO_PULL,
        velocity: Tensor | None = None,
    ) -> Trained:
        """A step for each of `batches` (steps, devices, batch), from `models` on; no argument is changed.

        `lr` (devices, 1); `velocity` as `start` has it, None for its zeros, and passed over where nothing is kept.
        Losses and updates that are not finite are returned as they are.
        """
        pull = replace(pull, begin=models) if pull.proximal else pull
        if len(batches) == 1:
            step, loss, velocity = self._step(gradients, models, batches[0], lr, pull, velocity)
            return Trained(step, loss, lr, velocity)
        end, losses = models.clone(), []
        for rows in batches:
            step, loss, velocity = self._step(gradients, end, rows, lr, pull, velocity)
            end -= step
            losses.append(loss)
        return Trained(models - end, torch.stack(losses).mean(0), lr, velocity)

    @abstractmethod
    def _step(
        self, gradients: Gradients, models: Tensor, rows: Tensor, lr: Tensor, pull: Pull, velocity: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """What the step takes off the models, the losses, the new velocity."""


def _rows(values: Tensor | None, rows: list[int]) -> Tensor | None:
    """Some rows; of one row for all, that."""
    return values if values is None or len(values) == 1 else values[rows]


def clipped(gradients: Tensor, clip: float | None) -> None:
    """Scale gradients (devices, parameters) down, in their place, to norms of at most `clip`, a device's parameters
    together."""
    if clip is not None:
        gradients *= (clip / (gradients.norm(dim=1, keepdim=True) + TINY)).clamp(max=1.0)
