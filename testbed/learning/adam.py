"""Local steps of all devices by AdamW (Loshchilov and Hutter 2019, algorithm 2), a step of it as torch.optim.AdamW
takes it.

With a device's gradient g, clipped and corrected as in `testbed.learning.sgd`, its model x, its moments m and v and its
count of steps t, all 0 at first:

    t <- t + 1,   m <- m + (1 - beta_1) (g - m),   v <- beta_2 v + (1 - beta_2) g^2
    x <- x - lr (weight_decay x + m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon))

Corrections and the proximal term are part of g (our reading), weight decay is not. A device has one count for all of
its parameters, as torch has where all are trained in every step. Where rounds may train some of them alone (`apart`),
each number has its own, as each parameter has with torch: one that is frozen for a time keeps its moments and its
count, and one that begins late begins with a correction for 1 step.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.learning.descent import Descent, Pull, clipped
from testbed.learning.steps import Gradients


@dataclass(frozen=True)
class AdamW(Descent):
    """The settings that a step has beside its learning rate."""

    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip: float | None = None
    apart: bool = False

    @property
    def keeps(self) -> bool:
        return True

    def start(self, models: Tensor) -> Tensor:
        """(devices, 2 parameters + 1): m, v and t side by side; with `apart` (devices, 3 parameters)."""
        counts = models.shape[1] if self.apart else 1
        return models.new_zeros(len(models), 2 * models.shape[1] + counts)

    def _step(
        self, gradients: Gradients, models: Tensor, rows: Tensor, lr: Tensor, pull: Pull, velocity: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        out = torch.empty_like(models)
        losses = gradients(models, rows, out, torch.ones_like(lr))
        pull.hide(out)
        clipped(out, self.clip)
        pull.add(out, models)
        old = self.start(models) if velocity is None else velocity
        new = self._moments(out, old, pull)
        step = self._direction(new, out)
        if self.weight_decay:
            step.add_(models, alpha=self.weight_decay)
        return pull.scaled(step.mul_(lr)), losses, new

    def _moments(self, gradients: Tensor, old: Tensor, pull: Pull) -> Tensor:
        """m, v and t after the step."""
        size, (first, second), new = gradients.shape[1], self.betas, torch.empty_like(old)
        m, v, t = old[:, :size], old[:, size : 2 * size], old[:, 2 * size :]
        new[:, :size] = pull.kept(torch.lerp(m, gradients, 1 - first), m)
        new[:, size : 2 * size] = pull.kept((v * second).addcmul_(gradients, gradients, value=1 - second), v)
        new[:, 2 * size :] = pull.kept(t + 1, t) if self.apart else t + 1
        return new

    def _direction(self, moments: Tensor, out: Tensor) -> Tensor:
        """m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon), in `out`."""
        size = out.shape[1]
        first, second = (self._correction(beta, moments[:, 2 * size :]) for beta in self.betas)
        torch.sqrt(moments[:, size : 2 * size], out=out)
        out.div_(second.sqrt().to(out.dtype)).add_(self.epsilon).mul_(first.to(out.dtype))
        return torch.div(moments[:, :size], out, out=out)

    def _correction(self, beta: float, steps: Tensor) -> Tensor:
        """1 - beta^t, float64; with `apart` looked up, as most counts are alike. 1 where no step was taken yet."""
        if not self.apart:
            return 1 - beta ** steps.double()
        known = 1 - beta ** torch.arange(int(steps.max()) + 1, dtype=torch.float64)
        known[0] = 1
        return known[steps.long()]
