"""The means that merges take: linear ones, and HyperPrism's power means."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from testbed.aggregation import linear, power_mean
from testbed.lora.merge import Part


@dataclass(frozen=True)
class Linear:
    """sum_j w_ij x_j, in the type of the values."""

    def __call__(self, values: Tensor, weights: Tensor, part: Part) -> Tensor:
        return linear(values, weights)


@dataclass(frozen=True)
class Power:
    """spow(sum_j w_ij spow(x_j, p), 1/p), value by value (`testbed.aggregation.power_mean`).

    p = 1 is `Linear` bit for bit. Small values need no care here: B of 1e-3 to the power of 15 would vanish in float32,
    but `power_mean` counts in float64, divides by the largest value first, and does again what could still have
    vanished.
    """

    p: float | Mapping[Part, float | Tensor]
    """One for all, or one for each part; in place of a number also one for each device, (devices, 1)."""

    def __call__(self, values: Tensor, weights: Tensor, part: Part) -> Tensor:
        return power_mean(values, weights, self.p[part] if isinstance(self.p, Mapping) else self.p)
