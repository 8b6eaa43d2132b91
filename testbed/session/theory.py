"""What theory speaks of, measured in every round: how far devices are apart, how well a round mixes, how large weights
are."""

import torch
from torch import Tensor

from testbed.aggregation.spectrum import contraction

SMALL = 0.01
"""Weights up to here count as small (HyperPrism, fig. 4)."""


def consensus_distance(models: Tensor) -> float:
    """Root mean square over devices of the distance to the mean model."""
    return root_mean(squared_distances(models, summed(models) / len(models)))


def summed(models: Tensor, before: Tensor | None = None) -> Tensor:
    """The sum of all models (parameters,), float64: one device after the other, so that it can go on from the
    sum `before`, of other devices."""
    total = torch.zeros(models.shape[1], dtype=torch.float64) if before is None else before.clone()
    for model in models:
        total += model
    return total


def squared_distances(models: Tensor, mean: Tensor) -> Tensor:
    """(devices,) from each model to the mean model (parameters,)."""
    return (models - mean.to(models)).square().sum(1)


def root_mean(squares: Tensor) -> float:
    """Of one square for each device."""
    return float(squares.mean().sqrt())


def spectral_gap(weights: Tensor) -> float:
    """1 - s of mixing weights (devices, devices), s the largest singular value of W - 11'/m.

    For symmetric doubly stochastic weights s is the second largest |eigenvalue|. 1 is a perfect mean, 0 no progress.
    """
    return 1 - contraction(weights)


def mean_size(models: Tensor) -> float:
    """Mean of |w| over all weights of all devices."""
    return float(sizes(models).mean())


def sizes(models: Tensor) -> Tensor:
    """(devices,) mean of |w| of each, float64."""
    return models.abs().mean(1, dtype=torch.float64)


def small_share(models: Tensor) -> float:
    """Share of the weights with |w| <= 0.01."""
    return float(small(models).sum() / models.numel())


def small(models: Tensor) -> Tensor:
    """(devices,) how many weights of each are that small."""
    return (models.abs() <= SMALL).sum(1)
