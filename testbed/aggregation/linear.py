"""The linear mean: what D-PSGD and every other linear method mixes with, and what p = 1 means."""

from torch import Tensor


def linear(models: Tensor, weights: Tensor) -> Tensor:
    """W X: (devices, parameters) in the type of `models` (models, parameters), from weights (devices, models).

    A device whose model has run to infinity spoils only those that heard from it.
    """
    mixed = weights.to(models) @ models
    if not mixed.sum().isfinite():
        for receiver, row in enumerate(weights.to(models)):
            mixed[receiver] = row[row != 0] @ models[row != 0]
    return mixed
