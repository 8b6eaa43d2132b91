"""The linear mean: what D-PSGD and every other linear method mixes with, and what p = 1 means."""

from torch import Tensor

from testbed.aggregation.products import product

ALL = slice(None)


def linear(models: Tensor, weights: Tensor, rows: slice = ALL) -> Tensor:
    """W X: (devices, parameters) in the type of `models` (models, parameters), from weights (devices, models).

    A device whose model has run to infinity spoils only those that heard from it. `rows`: the devices that the means
    are for; each gets bit for bit what it would get among all.
    """
    own = weights[rows].to(models)
    mixed = product(own, models, apart=rows != ALL)
    if not mixed.sum().isfinite():
        for receiver, row in enumerate(own):
            mixed[receiver] = row[row != 0] @ models[row != 0]
    return mixed
