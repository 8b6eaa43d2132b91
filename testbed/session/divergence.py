"""A run whose numbers run away is stopped: what comes after is no result."""

import torch
from torch import Tensor

from testbed.errors import UserError


class Diverged(UserError):
    """In `round_`, on `device`. The tables hold the rounds before."""

    def __init__(self, round_: int, device: int, what: str) -> None:
        super().__init__(
            f"The run diverged in round {round_}: {what} of device {device}. The tables hold the rounds before it; "
            "take a smaller algorithm.lr, or algorithm.clip."
        )
        self.round_, self.device = round_, device


def check(models: Tensor, losses: Tensor, round_: int, bound: float) -> None:
    """Raises Diverged where a loss (devices,) is above `bound` or a model (devices, parameters) is not finite.

    A loss that is no number is that of a device that did not train, unless its model is not finite either.
    """
    beyond = (losses > bound).nonzero()
    if len(beyond):
        device = int(beyond[0])
        raise Diverged(round_, device, f"the loss {float(losses[device]):g} (run.loss_bound is {bound:g})")
    if not torch.isfinite(models.sum()):
        broken = (~models.isfinite()).any(1).nonzero()
        if len(broken):
            raise Diverged(round_, int(broken[0]), "the model is not finite, that")
