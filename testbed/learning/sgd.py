"""Local steps of all devices: stochastic gradient descent, a step of it as torch.optim.SGD takes it.

With a device's gradient g on the step's batch, its model x and its momentum buffer (velocity) v, which is 0 at first:

    d = g min(1, clip / |g|) + weight_decay x + correction,   v <- momentum v + d,   x <- x - lr v

|g| is the norm over all parameters of the device, as torch.nn.utils.clip_grad_norm_ has it. `correction` is what
an algorithm adds to every gradient of a round: the difference to a tracked gradient, or minus a dual variable.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from testbed.learning.steps import Gradients

TINY = 1e-6
"""What torch adds to a norm before it divides by it."""


class Trained(NamedTuple):
    """What a round of local steps gives."""

    updates: Tensor
    """(devices, parameters) start minus end of the local steps; for one plain step lr times the gradient."""
    losses: Tensor
    """(devices,) mean over the steps."""
    lr: Tensor
    """(devices, 1) learning rate of the round, in the models' type."""
    velocity: Tensor | None
    """(devices, parameters) after the last step; None without momentum."""


@dataclass(frozen=True)
class Sgd:
    """The settings that a step has beside its learning rate."""

    momentum: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None

    def train(
        self,
        gradients: Gradients,
        models: Tensor,
        batches: Tensor,
        lr: Tensor,
        *,
        correction: Tensor | None = None,
        velocity: Tensor | None = None,
    ) -> Trained:
        """A step for each of `batches` (steps, devices, batch), from `models` on; no argument is changed.

        `lr` (devices, 1); `correction` and `velocity` (devices, parameters). Without momentum `velocity` is passed
        over. Losses and updates that are not finite are returned as they are.
        """
        if len(batches) == 1:
            step, loss, velocity = self._step(gradients, models, batches[0], lr, correction, velocity)
            return Trained(step, loss, lr, velocity)
        end, losses = models.clone(), []
        for rows in batches:
            step, loss, velocity = self._step(gradients, end, rows, lr, correction, velocity)
            end -= step
            losses.append(loss)
        return Trained(models - end, torch.stack(losses).mean(0), lr, velocity)

    def _step(
        self,
        gradients: Gradients,
        models: Tensor,
        rows: Tensor,
        lr: Tensor,
        correction: Tensor | None,
        velocity: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """What the step takes off the models, the losses, the new velocity."""
        out = torch.empty_like(models)
        if correction is None and self == Sgd():
            return out, gradients(models, rows, out, lr), None
        losses = gradients(models, rows, out, torch.ones_like(lr))
        self._descend(out, models, correction, velocity)
        return (out * lr, losses, out) if self.momentum else (out.mul_(lr), losses, None)

    def _descend(self, out: Tensor, models: Tensor, correction: Tensor | None, velocity: Tensor | None) -> None:
        """Make of the gradients in `out` the new velocity."""
        if self.clip is not None:
            out *= (self.clip / (out.norm(dim=1, keepdim=True) + TINY)).clamp(max=1.0)
        if self.weight_decay:
            out.add_(models, alpha=self.weight_decay)
        if correction is not None:
            out += correction
        if self.momentum and velocity is not None:
            out.add_(velocity, alpha=self.momentum)
