"""What theory speaks of, measured in every round: how far devices are apart, how well a round mixes, how large weights
are."""

import torch
from torch import Tensor

from testbed.aggregation.spectrum import contraction

SMALL = 0.01
"""Weights up to here count as small (HyperPrism, fig. 4)."""


def consensus_distance(models: Tensor) -> float:
    """Root mean square over devices of the distance to the mean model."""
    return float((models - models.mean(0)).square().sum(1).mean().sqrt())


def spectral_gap(weights: Tensor) -> float:
    """1 - s of mixing weights (devices, devices), s the largest singular value of W - 11'/m.

    For symmetric doubly stochastic weights s is the second largest |eigenvalue|. 1 is a perfect mean, 0 no progress.
    """
    return 1 - contraction(weights)


def mean_size(models: Tensor) -> float:
    """Mean of |w| over all weights of all devices."""
    return float(models.abs().mean(dtype=torch.float64))


def small_share(models: Tensor) -> float:
    """Share of the weights with |w| <= 0.01."""
    return float((models.abs() <= SMALL).sum() / models.numel())
