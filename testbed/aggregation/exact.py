"""Power means receiver by receiver: as exact as float64 allows for any values, and slow.

What `columns` computes fast wherever the numbers allow it; here they need not allow anything.
"""

import torch
from torch import Tensor

from testbed.aggregation.slope import slope


def spow(base: Tensor, p: Tensor | float) -> Tensor:
    """Signed power sign(base) |base|^p; base^p for odd p."""
    return base.sign() * base.abs().pow(p)


def exact(models: Tensor, weights: Tensor, p: Tensor, updates: Tensor) -> tuple[Tensor, Tensor]:
    """Means and their derivatives by p, both (devices, parameters) in float64.

    `models` (models, parameters), `updates` (devices, parameters) and `p`, which broadcasts to the latter, are
    float64; `weights` (devices, models).
    """
    p = p.expand_as(updates)
    receivers = (_receive(models, row, p[i], updates[i]) for i, row in enumerate(weights))
    means, slopes = zip(*receivers, strict=True)
    return torch.stack(means), torch.stack(slopes)


def _receive(models: Tensor, row: Tensor, p: Tensor, update: Tensor) -> tuple[Tensor, Tensor]:
    """One receiver's mean and slope (parameters,).

    Everything is divided by the largest magnitude K = max(|w_j|, |update|^(1/p)) that goes into a
    coordinate, so the largest term of the sum is a weight or 1 and nothing overflows or vanishes.
    """
    received, row = models[row != 0], row[row != 0, None]
    step_size = update.abs().pow(1 / p)
    scale = torch.cat([received.abs(), step_size[None]]).amax(0)
    scale = torch.where(scale == 0, 1.0, scale)
    ratios = received / scale
    powers = row * spow(ratios, p)
    logs = powers * ratios.abs().log().clamp(min=-1e4)
    step = update.sign() * (step_size / scale).pow(p)
    mixed = powers.sum(0)
    mean = scale * spow(mixed - step, 1 / p)
    return mean, slope(mean, mixed, logs.sum(0), step, scale, p)
