"""Means of each component over its owners: the messages that carry it.

A sum over all messages would count what is not there as zero (`padded`). The weight of those without a component can go
elsewhere, so that weights still sum to 1 and every mean, a power mean as well, is one of values that exist. A power
mean with `renormalised` weights is that of the padded values times (sum of the owners' weights)^(-1/p).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout
from testbed.lora.merge import Mean, Part

Share = Callable[[Tensor, Tensor], Tensor]
"""New weights (devices, rows) from weights and owners (rows,) bool; rows sum to 1."""


def renormalised(weights: Tensor, owners: Tensor) -> Tensor:
    """w_ij / sum of the owners' w_ij: what the others had goes to the owners in proportion (RBLA, arXiv 2408.08699)."""
    shared = weights * owners
    total = shared.sum(1, keepdim=True)
    return torch.where(total > 0, shared / total, _someone(weights, owners))


def kept(weights: Tensor, owners: Tensor) -> Tensor:
    """What the others had stays with the receiver, as with a lost message: symmetric weights stay symmetric among the
    owners, and their mean is preserved. Our reading."""
    shared = weights * owners
    lost = (weights * ~owners).sum(1)
    shared.diagonal().add_(lost)
    alone = shared.count_nonzero(1) <= (shared.diagonal() != 0)
    valid = owners[: len(weights), None] & ~alone[:, None]
    return torch.where(valid, shared, _someone(weights, owners))


def padded(weights: Tensor, owners: Tensor) -> Tensor:
    """As they are: who lacks the component counts as zero."""
    return torch.where(owners[: len(weights), None], weights, _someone(weights, owners))


def _someone(weights: Tensor, owners: Tensor) -> Tensor:
    """All the weight on oneself, or, for receivers that lack the component, on an owner: theirs is looked at by nobody,
    but zeros would send power means on their slow path."""
    row = torch.arange(len(weights))
    row = torch.where(owners[: len(weights)], row, owners.int().argmax())
    return torch.nn.functional.one_hot(row, weights.shape[1]).to(weights)


def owner_means(
    values: Tensor, has: Tensor, of: Tensor, weights: Tensor, mean: Mean, part: Part, share: Share
) -> Tensor:
    """Means (devices, columns) of `values` (rows, columns), each over the rows that have its component; 0 where none.

    has: (rows, components) bool. of: (columns,) the component of each. weights: (devices, rows), row i < devices is
    device i's own. Components with the same owners are one call of `mean`; ranks leave few different sets of owners.
    """
    patterns, which = torch.unique(has, dim=1, return_inverse=True)
    if patterns.shape[1] == 1:
        return _mean(values, patterns[:, 0], weights, mean, part, share)
    out = values.new_zeros(len(weights), values.shape[1])
    for number, owners in enumerate(patterns.T):
        columns = (which == number)[of].nonzero()[:, 0]
        if len(columns):
            out[:, columns] = _mean(values[:, columns], owners, weights, mean, part, share)
    return out


def _mean(values: Tensor, owners: Tensor, weights: Tensor, mean: Mean, part: Part, share: Share) -> Tensor:
    if not owners.any():
        return values.new_zeros(len(weights), values.shape[1])
    return mean(values, share(weights, owners), part)


def factor_means(
    layout: Layout, rows: Adapters, weights: Tensor, mean: Mean, share: Share, factors: str = "AB"
) -> Tensor:
    """`owner_means` of each of `factors` by itself, (devices, size); zeros elsewhere."""
    out = rows.values.new_zeros(len(weights), layout.size)
    parts: tuple[tuple[Part, Tensor], ...] = (("A", rows.a), ("B", rows.b))
    for part, has in parts:
        if part in factors:
            columns = layout.parts[part]
            of = layout.component_of[columns]
            out[:, columns] = owner_means(rows.values[:, columns], has, of, weights, mean, part, share)
    return out
