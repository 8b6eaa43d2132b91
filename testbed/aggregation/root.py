"""The way back from the mirror space: the p-th root, and how the mean moves with p."""

import torch
from torch import Tensor

CANCELLED = 1e-12
"""A sum this small beside its own terms is nothing but rounding: no derivative is read from it."""


def root(total: Tensor, p: Tensor | float) -> Tensor:
    """spow(total, 1/p) = sign(total) |total|^(1/p), element by element."""
    return total.abs().log_().div_(p).exp_().mul_(total.sign())


def slope(
    mean: Tensor, mixed: Tensor, logs: Tensor, sizes: Tensor, step: Tensor, log_scale: Tensor | float, p: Tensor
) -> Tensor:
    """d mean / dp of mean = scale * spow(S, 1/p), S = mixed - step, with u_j = w_j / scale and

        mixed = sum_j a_j spow(u_j, p)           logs = sum_j a_j spow(u_j, p) ln|u_j|
        sizes = sum_j a_j |u_j|^p                step = updates / scale^p

    It follows from ln|mean| = log_scale + ln|S| / p, with `updates` held fixed:

        d mean / dp = mean * [ (logs + step log_scale) / (p S) - ln|S| / p^2 ]

    and 0 where S has cancelled away, or where there is nothing to mix.
    """
    total = mixed - step
    alive = total.abs() > CANCELLED * (sizes + step.abs())
    total = torch.where(alive, total, 1.0)
    moved = (logs + step * log_scale) / (p * total) - total.abs().log() / p**2
    return torch.where(alive, mean * moved, 0.0)
