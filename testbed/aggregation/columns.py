"""Power means of all receivers at once, in blocks of columns that stay in the cache.

In float64 and divided by one power of two, so that every |u| <= 1: u^p then neither overflows nor,
for what models hold, vanishes. Where it could have vanished the sum shows it, and those columns are
computed again by `exact`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.aggregation.blocks import for_each_block
from testbed.aggregation.exact import exact
from testbed.aggregation.powers import Powers
from testbed.aggregation.root import root, slope

VANISHING = 1e-280
"""Terms below 1e-308 are lost, which a sum above this one cannot notice."""


@dataclass(frozen=True)
class Group:
    """Receivers that share p."""

    rows: slice
    """Where they stand among the receivers in order of p."""
    p: Tensor
    """(1, 1), or (1, parameters)."""
    heard: Tensor
    """(heard,): the models that any of them mixes."""
    weights: Tensor
    """(receivers, heard)."""


@dataclass(frozen=True)
class Mixing:
    """One call: what goes in, and where the results go."""

    models: Tensor
    weights: Tensor
    """(devices, devices), float64."""
    p: Tensor
    """(1 or devices, 1 or parameters), float64."""
    updates: Tensor | None
    scale: float
    """A power of two, above every |w|."""
    order: Tensor
    """(devices,): the receivers in order of p."""
    groups: list[Group]
    means: Tensor
    slopes: Tensor | None

    def block(self, columns: slice) -> None:
        """Fill in some columns of the results."""
        block = self.models[:, columns].to(torch.float64, copy=True).div_(self.scale)
        mixed, logs, sizes = self._sums(block, columns)
        p = _columns(self.p, columns).expand(len(block), -1)[self.order]
        step = self._step(p, columns)
        means = root(mixed if step is None else mixed - step, p).mul_(self.scale)
        self.means[self.order, columns] = means.to(self.means)
        if self.slopes is not None:
            step = torch.zeros_like(mixed) if step is None else step
            moved = slope(means, mixed, logs, sizes, step, math.log(self.scale), p)
            self.slopes[self.order, columns] = moved.to(self.slopes)
        self._repair(mixed if step is None else mixed - step, block, columns)

    def _sums(self, block: Tensor, columns: slice) -> tuple[Tensor, Tensor, Tensor]:
        """`mixed`, `logs` and `sizes` of `slope`; the last two only where slopes are wanted."""
        powers, sums = Powers(block), [torch.empty_like(block) for _ in range(3)]
        for group in self.groups:
            odd = group.p.numel() == 1 and group.p % 2 == 1
            power = powers.odd(int(group.p)) if odd else powers.real(_columns(group.p, columns), group.heard)
            terms = [power] if self.slopes is None else [power, power * powers.logs[group.heard], power.abs()]
            for term, total in zip(terms, sums, strict=False):
                torch.mm(group.weights, term, out=total[group.rows])
        return sums[0], sums[1], sums[2]

    def _step(self, p: Tensor, columns: slice) -> Tensor | None:
        """What goes off the sum, in the units of u^p."""
        if self.updates is None:
            return None
        return self.updates[self.order, columns].double() * self.scale**-p

    def _repair(self, total: Tensor, block: Tensor, columns: slice) -> None:
        """Compute again the columns where a term of the sum may have been lost."""
        low, high = total.abs().aminmax()
        if low > VANISHING and high < torch.inf:
            return
        doubtful = (~(total.abs() > VANISHING) | total.isinf()).any(0) & self._alive(block, columns)
        where = torch.arange(self.models.shape[1])[columns][doubtful]
        p = self.p if self.p.shape[1] == 1 else self.p[:, where]
        updates = torch.zeros_like(block)[:, doubtful] if self.updates is None else self.updates[:, where].double()
        means, moved = exact(self.models[:, where].double(), self.weights, p, updates)
        self.means[:, where] = means.to(self.means)
        if self.slopes is not None:
            self.slopes[:, where] = moved.to(self.slopes)

    def _alive(self, block: Tensor, columns: slice) -> Tensor:
        """(columns,): whether there is anything but zeros."""
        alive = (block != 0).any(0)
        return alive if self.updates is None else alive | (self.updates[:, columns] != 0).any(0)


def by_columns(
    models: Tensor, weights: Tensor, p: Tensor, updates: Tensor | None, slopes: bool
) -> tuple[Tensor, Tensor | None]:
    """Means, and their derivatives by p if `slopes`, both (devices, parameters) in the type of `models`.

    `weights` (devices, devices) and `p` (1 or devices, 1 or parameters) are float64; `updates`
    (devices, parameters), where given, goes off the sum in mirror space.
    """
    means = torch.empty_like(models)
    moved = torch.empty_like(models) if slopes else None
    mixing = Mixing(models, weights, p, updates, _power_of_two(models), *_groups(weights, p), means, moved)
    for_each_block(mixing.block, models.shape)
    return means, moved


def _columns(p: Tensor, columns: slice) -> Tensor:
    return p if p.shape[1] == 1 else p[:, columns]


def _power_of_two(models: Tensor) -> float:
    """The next power of two above every |w|; 1 where all are 0, or one is not a number."""
    largest = max(map(abs, torch.stack(models.aminmax()).tolist()))
    return math.ldexp(1.0, min(math.frexp(largest)[1], 1023))


def _groups(weights: Tensor, p: Tensor) -> tuple[Tensor, list[Group]]:
    """The receivers in order of p, and cut where p changes."""
    everyone = torch.arange(len(weights))
    if len(p) == 1:
        return everyone, [Group(slice(None), p, everyone, weights)]
    order = p[:, 0].argsort(stable=True) if p.shape[1] == 1 else everyone
    counts = p[order].unique_consecutive(dim=0, return_counts=True)[1].tolist()
    groups, first = [], 0
    for count in counts:
        rows = slice(first, first + count)
        groups.append(_group(rows, p[order[first]][None], weights[order[rows]]))
        first += count
    return order, groups


def _group(rows: slice, p: Tensor, weights: Tensor) -> Group:
    odd = p.numel() == 1 and bool(p % 2 == 1)
    heard = torch.arange(weights.shape[1]) if odd else weights.any(0).nonzero()[:, 0]
    return Group(rows, p, heard, weights[:, heard])
