"""Local training without data: device i has f_i(x) = c_i (x - b_i)^2 / 2 of one number x, and its full gradient."""

from collections.abc import Sequence

import torch
from torch import Tensor

from testbed.learning.local import LocalTraining
from testbed.learning.models import ModelSpec, Parameter
from testbed.scenario.schema import Algorithm

SPEC = ModelSpec(
    "quadratic",
    (Parameter("x", (1,), 0, 1, "decision"),),
    {"representation": slice(0, 0), "decision": slice(0, 1)},
    size=1,
    flops=4,
)


class Quadratics(LocalTraining):
    """Devices with curvatures c and minima b, a number of each for every device; all start at 0, in float64.

    f = sum_i f_i is least at sum_i c_i b_i / sum_i c_i.
    """

    def __init__(
        self,
        c: Sequence[float],
        b: Sequence[float],
        algorithm: Algorithm,
        rounds: int = 1,
        momentum: float | None = None,
    ) -> None:
        self._c, self._b = (torch.tensor(values, dtype=torch.float64).unsqueeze(1) for values in (c, b))
        super().__init__(self._slopes, algorithm, rounds, momentum)

    def start(self) -> Tensor:
        """(devices, 1)"""
        return torch.zeros_like(self._c)

    def batches(self, round_: int) -> Tensor:
        """A device's one sample is its own number."""
        return torch.arange(len(self._c)).unsqueeze(1).repeat(self.algorithm.local_steps, 1, 1)

    def accuracy(self, models: Tensor, samples: int = 0) -> Tensor:
        """NaN: there is nothing to be right about."""
        return torch.full((len(models),), torch.nan)

    def _slopes(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        """As `testbed.learning.steps.Gradients`: scale c_i (x_i - b_i), and f_i(x_i)."""
        c, away = self._c[rows[:, 0]], models - self._b[rows[:, 0]]
        torch.mul(scale, c * away, out=out)
        return (c * away.square() / 2).squeeze(1)
