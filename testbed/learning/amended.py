"""AdamW amended by a direction of all: after FedLADA (Sun et al., "Efficient Federated Learning via Local Adaptive
Amended Optimizer with Linear Speedup", TPAMI 2023). A reconstruction: we had no more than its title and abstract.

From these: devices adapt their steps locally, and amend each by an estimate of the global update of the last round,
against drift to their own data. Our reading, with the step s that AdamW would take per learning rate, weight decay in
it, and a share a:

    x <- x - lr ((1 - a) s + a d),    d = (x' - x0) / (steps lr')

x0 is where the device's local training begins, x' where its last one did, lr' the learning rate of that. A server would
send d; here it is the change of the device's own model, and the mixing with neighbours is in that. Nothing more is
sent. d is 0 in the first training, and in one after a training that did not count, spans both rounds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.learning.adam import AdamW
from testbed.learning.descent import NO_PULL, Pull, Trained
from testbed.learning.steps import Gradients


@dataclass(frozen=True)
class Amended(AdamW):
    """The settings that a step has beside its learning rate."""

    amend: float = 0.0

    def start(self, models: Tensor) -> Tensor:
        """(devices, ...): m, v and t as AdamW has them, x' and lr', 0 before the first training."""
        return torch.cat([super().start(models), models.new_zeros(len(models), models.shape[1] + 1)], 1)

    def train(
        self,
        gradients: Gradients,
        models: Tensor,
        batches: Tensor,
        lr: Tensor,
        pull: Pull = NO_PULL,
        velocity: Tensor | None = None,
    ) -> Trained:
        """While the steps go on, d stands in the place of x'."""
        moments, begun, rate = self._split(self.start(models) if velocity is None else velocity, models)
        direction = torch.where(rate > 0, (begun - models) / (len(batches) * rate), 0.0)
        trained = super().train(gradients, models, batches, lr, pull, torch.cat([moments, direction, rate], 1))
        assert trained.velocity is not None
        return trained._replace(velocity=torch.cat([self._split(trained.velocity, models)[0], models, lr], 1))

    def _step(
        self, gradients: Gradients, models: Tensor, rows: Tensor, lr: Tensor, pull: Pull, velocity: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """`scale` is in d already, as all that moved the model is: d is not scaled again, but nothing frozen moves."""
        assert velocity is not None
        moments, direction, rate = self._split(velocity, models)
        step, losses, new = super()._step(gradients, models, rows, lr, pull, moments)
        assert new is not None
        step.mul_(1 - self.amend).add_(pull.moving(direction * lr), alpha=self.amend)
        return step, losses, torch.cat([new, direction, rate], 1)

    @staticmethod
    def _split(velocity: Tensor, models: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """m, v and t; x' or d; lr'."""
        border = velocity.shape[1] - 1 - models.shape[1]
        return velocity[:, :border], velocity[:, border:-1], velocity[:, -1:]
