"""How a power mean moves with p."""

import torch
from torch import Tensor

BOUND = 1e6
"""A slope of so many times the scale comes of a sum that has cancelled away, and is nothing but rounding."""


def slope(mean: Tensor, mixed: Tensor, logs: Tensor, step: Tensor, scale: Tensor, p: Tensor) -> Tensor:
    """d mean / dp of mean = scale * spow(S, 1/p), S = mixed - step, with u_j = w_j / scale and

        mixed = sum_j a_j spow(u_j, p)    logs = sum_j a_j spow(u_j, p) ln|u_j|    step = updates / scale^p

    It follows from ln|mean| = ln(scale) + ln|S| / p, with `updates` held fixed:

        d mean / dp = mean * [ (logs + step ln(scale)) / (p S) - ln|S| / p^2 ]

    and is 0 where S has cancelled away, or where there is nothing to mix.
    """
    total = mixed - step
    moved = torch.addcmul(logs, step, scale.log()).div_(total).div_(p).sub_(total.abs_().log_().div_(p**2)).mul_(mean)
    return moved.masked_fill_(~(moved.abs() < BOUND * scale), 0.0)
