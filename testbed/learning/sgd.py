"""Local steps of all devices: stochastic gradient descent, a step of it as torch.optim.SGD takes it.

With a device's gradient g on the step's batch, its model x and its momentum buffer (velocity) v, which is 0 at first:

    d = g min(1, clip / |g|) + weight_decay x + correction,   v <- momentum v + d,   x <- x - lr v

|g| is the norm over all parameters of the device, as torch.nn.utils.clip_grad_norm_ has it. `correction` is what
an algorithm adds to every gradient of a round: the difference to a tracked gradient, or minus a dual variable.
See `testbed.learning.descent` for the proximal term, which is added there as well, and for `scale`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.learning.descent import Descent, Pull, Trained, clipped
from testbed.learning.steps import Gradients

__all__ = ["Sgd", "Trained"]


@dataclass(frozen=True)
class Sgd(Descent):
    """The settings that a step has beside its learning rate."""

    momentum: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None

    @property
    def keeps(self) -> bool:
        return bool(self.momentum)

    def _step(
        self, gradients: Gradients, models: Tensor, rows: Tensor, lr: Tensor, pull: Pull, velocity: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        out = torch.empty_like(models)
        if self == Sgd() and pull.nothing:
            return out, gradients(models, rows, out, lr), None
        losses = gradients(models, rows, out, torch.ones_like(lr))
        self._descend(out, models, pull, velocity)
        if not self.momentum:
            return pull.scaled(out.mul_(lr)), losses, None
        return pull.scaled(out * lr), losses, pull.kept(out, velocity)

    def _descend(self, out: Tensor, models: Tensor, pull: Pull, velocity: Tensor | None) -> None:
        """Make of the gradients in `out` the new velocity."""
        pull.hide(out)
        clipped(out, self.clip)
        if self.weight_decay:
            out.add_(models, alpha=self.weight_decay)
        pull.add(out, models)
        if self.momentum and velocity is not None:
            out.add_(velocity, alpha=self.momentum)
