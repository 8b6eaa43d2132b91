"""Power means of all receivers at once, block of columns by block of columns.

In float64 and divided by one power of two, so that every |u| < 1: u^p then does not overflow, nor,
with what models hold, vanish. Where it could have vanished the sum shows it, and those columns are
computed again by `exact`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.aggregation.blocks import Scratch, for_each_block
from testbed.aggregation.exact import exact
from testbed.aggregation.groups import Group, grouped, of_columns
from testbed.aggregation.powers import Powers
from testbed.aggregation.slope import slope

LOWEST = math.log(1e-280)
"""Terms below 1e-308 are lost, which a sum above this one cannot notice."""


@dataclass(frozen=True)
class Mixing:
    """One call of `by_columns`: what goes in, and where the results go."""

    models: Tensor
    weights: Tensor
    p: Tensor
    updates: Tensor | None
    groups: list[Group]
    scale: float
    """A power of two, as a rule the next above every |w|."""
    means: Tensor
    slopes: Tensor | None

    def block(self, columns: slice, scratch: Scratch) -> None:
        """Fill in some columns of the results."""
        p = of_columns(self.p, columns)
        mixed, logs = self._sums(columns, scratch)
        step = self._step(p, columns, scratch)
        plain = self.updates is None and self.slopes is None
        total = mixed if plain else torch.sub(mixed, step, out=scratch("total", mixed.shape))
        sign = torch.sign(total, out=scratch("sign", total.shape))
        logarithm = total.abs_().log_()
        doubtful = self._doubtful(logarithm, columns)
        means = logarithm.mul_(1 / p).exp_().mul_(sign).mul_(self.scale)
        self.means[:, columns] = means
        if self.slopes is not None:
            self.slopes[:, columns] = slope(means, mixed, logs, step, means.new_tensor(self.scale), p)
        if doubtful is not None:
            self._repair(doubtful)

    def _sums(self, columns: slice, scratch: Scratch) -> tuple[Tensor, Tensor]:
        """`mixed` and `logs` of `slope`; the latter is left empty where no slopes are wanted."""
        block = self.models[:, columns]
        shape = self.means[:, columns].shape
        mixed, logs = scratch("mixed", shape), scratch("sums of logs", shape)
        wanted = self.slopes is not None
        powers = Powers(block, self.scale, scratch, logs=wanted or not all(group.odd for group in self.groups))
        for group in self.groups:
            power = group.powers(powers, columns)
            group.mix(power, mixed)
            if wanted:
                group.mix(powers.logged(power, group.heard), logs)
        return mixed, logs

    def _step(self, p: Tensor, columns: slice, scratch: Scratch) -> Tensor:
        """What goes off the sum, in the units of u^p."""
        if self.updates is None:
            return p.new_zeros(())
        updates = self.updates[:, columns]
        return scratch("step", updates.shape).copy_(updates).mul_(self.scale**-p)

    def _doubtful(self, logarithm: Tensor, columns: slice) -> Tensor | None:
        """The columns where a term may have been lost from a sum, None as a rule. Nothing is lost of zeros."""
        if logarithm.min() > LOWEST and (self.updates is None or logarithm.max() < torch.inf):
            return None
        sound = ((logarithm > LOWEST) & (logarithm < torch.inf)).all(0)
        inputs = (self.models,) if self.updates is None else (self.models, self.updates)
        zero = torch.stack([(values[:, columns] == 0).all(0) for values in inputs]).all(0)
        doubtful = torch.arange(columns.start, columns.stop)[~(sound | zero)]
        return doubtful if len(doubtful) else None

    def _repair(self, columns: Tensor) -> None:
        """Compute again the columns where a term of the sum may have been lost."""
        models = self.models[:, columns].double()
        updates = models.new_zeros(len(self.means), len(columns))
        if self.updates is not None:
            updates += self.updates[:, columns]
        means, slopes = exact(models, self.weights, of_columns(self.p, columns), updates)
        self.means[:, columns] = means.to(self.means)
        if self.slopes is not None:
            self.slopes[:, columns] = slopes.to(self.slopes)


def by_columns(
    models: Tensor, weights: Tensor, p: Tensor, updates: Tensor | None, slopes: bool
) -> tuple[Tensor, Tensor | None]:
    """Means, and their derivatives by p if `slopes`, both (devices, parameters) in the type of `models`.

    `models` (models, parameters). `weights` (devices, models) and `p` (1 or devices, 1 or parameters) are float64;
    `updates` (devices, parameters), where given, goes off the sum in mirror space.
    """
    means = models.new_empty(len(weights), models.shape[1])
    moved = torch.empty_like(means) if slopes else None
    mixing = Mixing(models, weights, p, updates, grouped(weights, p), _power_of_two(models), means, moved)
    for_each_block(mixing.block, *models.shape)
    return means, moved


def _power_of_two(models: Tensor) -> float:
    """The next power of two above every |w|, if its inverse is a number too."""
    largest = max(map(abs, torch.stack(models.aminmax()).tolist())) if models.numel() else 0.0
    return math.ldexp(1.0, max(-1000, min(math.frexp(largest)[1], 1000)))
