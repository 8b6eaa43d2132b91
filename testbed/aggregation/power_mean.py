"""The weighted power mean (WPM) of models, for every real p >= 1.

    wbar_i = spow( sum_j a_ij spow(w_j, p), 1/p ),    spow(w, p) = sign(w) |w|^p

coordinate by coordinate (HyperPrism, NeurIPS 2024, eq. 2 and 3, for odd p, where spow(w, p) = w^p;
the signed power, which lets p be any real number, is our reading). p = 1 is the linear mean bit for
bit, and p to infinity takes the entry of the largest magnitude.
"""

import torch
from torch import Tensor

from testbed.aggregation.columns import by_columns
from testbed.aggregation.linear import ALL, linear


def power_mean(
    models: Tensor,
    weights: Tensor,
    p: float | Tensor,
    updates: Tensor | None = None,
    rows: slice = ALL,
) -> Tensor:
    """The power means wbar (devices, parameters) that the devices get from `models`.

    models: (models, parameters), float32 or float64; float64 inside. Those of the devices come first; there
        may be more.
    weights: (devices, models), row i holds what device i gives to each model; a device with all the
        weight on itself keeps its model bit for bit.
    p: a number, or one per device (devices,) or (devices, 1), or one per parameter (parameters,) or
        (1, parameters), or one for each (devices, parameters); each device mixes with its own.
    updates: (devices, parameters), goes off the sum before the root, as in the `mirror` variant:
        spow( sum_j a_ij spow(w_j, p) - updates_i, 1/p )    (eq. 6)
    rows: the devices that the means are for; `p` and `updates` are theirs, and each gets bit for bit what it would get
        among all.

    ValueError for a p that is below 1, not finite or of no fitting shape, and for unequal shapes.
    """
    models, weights = torch.as_tensor(models), torch.as_tensor(weights)
    exponent = _exponent(p, models, weights, updates, rows)
    if (exponent == 1).all():
        return _linear(models, weights, updates, rows)
    means, _ = by_columns(models, weights[rows].double(), exponent, updates, slopes=False)
    return _settle(means, models, weights, exponent, updates, rows)


def power_mean_and_slope(
    models: Tensor,
    weights: Tensor,
    p: float | Tensor,
    updates: Tensor | None = None,
    rows: slice = ALL,
) -> tuple[Tensor, Tensor]:
    """`power_mean`, and its derivative d wbar / dp, of the same shape: how each mean moves with its p."""
    exponent = _exponent(p, models, weights, updates, rows)
    means, slopes = by_columns(models, weights[rows].double(), exponent, updates, slopes=True)
    assert slopes is not None
    return _settle(means, models, weights, exponent, updates, rows), slopes


def _settle(means: Tensor, models: Tensor, weights: Tensor, p: Tensor, updates: Tensor | None, rows: slice) -> Tensor:
    """Put what is known without a power in its place, bit for bit: p = 1, and who mixes nothing."""
    if (p == 1).any():
        means = torch.where(p == 1, _linear(models, weights, updates, rows), means)
    alone = weights.diagonal()[rows] == 1
    if alone.any():
        own = models[: len(weights)][rows][alone]
        still = own if updates is None else torch.where(updates[alone] == 0, own, means[alone])
        means[alone] = still
    return means


def _linear(models: Tensor, weights: Tensor, updates: Tensor | None, rows: slice) -> Tensor:
    return linear(models, weights, rows) if updates is None else linear(models, weights, rows) - updates


def _exponent(p: float | Tensor, models: Tensor, weights: Tensor, updates: Tensor | None, rows: slice) -> Tensor:
    """p as float64 (1 or devices, 1 or parameters), after a look at all that came in."""
    count, parameters = models.shape
    if weights.ndim != 2 or weights.shape[1] != count or len(weights) > count:
        raise ValueError(
            f"weights for {count} models must be (devices, {count}) for at most so many devices, "
            f"not {tuple(weights.shape)}"
        )
    devices = len(weights[rows])
    if updates is not None and updates.shape != (devices, parameters):
        raise ValueError(f"updates must be {(devices, parameters)}, like the means, not {tuple(updates.shape)}")
    exponent = _two_dimensional(torch.as_tensor(p, dtype=torch.float64), devices, parameters)
    if not (exponent >= 1).all() or exponent.isinf().any():
        raise ValueError(f"p must be finite and at least 1, not {p}")
    return exponent


def _two_dimensional(p: Tensor, devices: int, parameters: int) -> Tensor:
    shapes = {(): (1, 1), (devices,): (devices, 1), (parameters,): (1, parameters)}
    shape = shapes.get(tuple(p.shape), tuple(p.shape))
    if p.ndim == 1 and devices == parameters:
        raise ValueError(
            f"p of length {devices} could be per device or per parameter: say ({devices}, 1) or (1, {devices})"
        )
    if len(shape) != 2 or shape[0] not in (1, devices) or shape[1] not in (1, parameters):
        raise ValueError(
            f"p must be a number, one per device ({devices}) or per parameter ({parameters}), not {tuple(p.shape)}"
        )
    return p.reshape(shape)
