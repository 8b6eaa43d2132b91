"""Receivers that share a power, so that it is taken once for all of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.aggregation.powers import Powers
from testbed.aggregation.products import product


@dataclass(frozen=True)
class Group:
    """Some receivers, their p, and whom they hear."""

    receivers: Tensor | slice
    """Which devices they are; a slice, whose rows need no copying, where they are one or all."""
    p: Tensor
    """(1, 1), or (1, parameters)."""
    heard: Tensor
    """(heard,): the models that any of them mixes."""
    weights: Tensor
    """(receivers, heard)."""
    odd: bool
    """Whether p is one odd integer."""

    def powers(self, powers: Powers, columns: slice) -> Tensor:
        """spow(u, p) of the models heard, (heard, columns)."""
        return powers.odd(int(self.p)) if self.odd else powers.real(of_columns(self.p, columns), self.heard)

    def mix(self, terms: Tensor, sums: Tensor) -> None:
        """Put the weighted sums of `terms` (heard, columns) into the receivers' rows of `sums`."""
        if isinstance(self.receivers, slice):
            product(self.weights, terms, out=sums[self.receivers])
        else:
            sums[self.receivers] = product(self.weights, terms)


def grouped(weights: Tensor, p: Tensor) -> list[Group]:
    """All receivers in groups of one p, (1 or devices, 1 or parameters), in rising order where p is a number."""
    if len(p) == 1:
        return [_group(weights, p, slice(None))]
    values, member = torch.unique(p, dim=0, return_inverse=True)
    receivers = [(member == index).nonzero()[:, 0] for index in range(len(values))]
    return [_group(weights, p[mine[:1]], _rows(mine)) for mine in receivers]


def of_columns(p: Tensor, columns: slice | Tensor) -> Tensor:
    """p of some columns, where it has any."""
    return p if p.shape[1] == 1 else p[:, columns]


def _rows(devices: Tensor) -> Tensor | slice:
    first = int(devices[0])
    return slice(first, first + 1) if len(devices) == 1 else devices


def _group(weights: Tensor, p: Tensor, receivers: Tensor | slice) -> Group:
    odd = p.numel() == 1 and bool(p % 2 == 1)
    mine = weights[receivers]
    heard = torch.arange(weights.shape[1]) if odd else mine.any(0).nonzero()[:, 0]
    return Group(receivers, p, heard, mine[:, heard], odd)
