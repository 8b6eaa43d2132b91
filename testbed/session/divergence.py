"""A run whose numbers run away is stopped: what comes after is no result."""

from math import isfinite

import torch
from torch import Tensor

from testbed.errors import UserError

REMEDY = "take a smaller algorithm.lr, or algorithm.clip"


class Diverged(UserError):
    """In `round_`, on `device`. The tables hold the rounds before."""

    def __init__(self, round_: int, device: int, what: str, remedy: str = REMEDY) -> None:
        super().__init__(
            f"The run diverged in round {round_}: {what} of device {device}. The tables hold the rounds before it; "
            f"{remedy}; another scenario needs another folder."
        )
        self.round_, self.device = round_, device


def check(models: Tensor, losses: Tensor, round_: int, bound: float) -> None:
    """Raises Diverged where a loss (devices,) is above `bound` or a model (devices, parameters) is not finite.

    A loss that is no number is that of a device that did not train, unless its model is not finite either.
    """
    check_found(first_broken(models), losses, round_, bound)


def first_broken(models: Tensor) -> int | None:
    """The first device whose model (devices, parameters) is not finite."""
    if torch.isfinite(models.sum()):
        return None
    broken = (~models.isfinite()).any(1).nonzero()
    return int(broken[0]) if len(broken) else None


def check_found(broken: int | None, losses: Tensor, round_: int, bound: float) -> None:
    """`check`, where the first device whose model is `broken` is known."""
    beyond = (losses > bound).nonzero()
    if len(beyond):
        device, loss = int(beyond[0]), float(losses[beyond[0]])
        higher = ", or a larger run.loss_bound if such a loss is no harm" if isfinite(loss) else ""
        raise Diverged(round_, device, f"the loss {loss:g} (run.loss_bound is {bound:g})", REMEDY + higher)
    if broken is not None:
        raise Diverged(round_, broken, "the model is not finite, that")
