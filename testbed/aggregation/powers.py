"""Signed powers of one block of models, for exponents that rise."""

import torch
from torch import Tensor

from testbed.aggregation.blocks import Scratch

NOTHING = -1e4
"""Stands for ln 0: finite, so that 0 ln 0 is 0, and exp(p NOTHING) is 0 for every p >= 1."""


class Powers:
    """spow(u, p) of u = block / scale in float64, asked for with p in rising order.

    Odd integers are reached by multiplications with u^2, which cost less than an exponential and
    keep the sign; other p through exp(p ln|u|), where `logs` says that they will be asked for.
    """

    def __init__(self, block: Tensor, scale: float, scratch: Scratch, logs: bool) -> None:
        self._scratch, self._exponent = scratch, 1
        self._odd = scratch("odd", block.shape).copy_(block).mul_(1 / scale)
        self._square = torch.mul(self._odd, self._odd, out=scratch("square", block.shape))
        if logs:
            self._signs = torch.sign(self._odd, out=scratch("signs", block.shape))
            self._logs = torch.abs(self._odd, out=scratch("logs", block.shape)).log_().clamp_(min=NOTHING)

    def odd(self, p: int) -> Tensor:
        """u^p of the whole block, which the next call overwrites."""
        steps, factor = (p - self._exponent) // 2, self._square
        while steps:
            if steps % 2:
                self._odd *= factor
            steps //= 2
            if steps:
                factor = torch.mul(factor, factor, out=self._scratch("factor", factor.shape))
        self._exponent = p
        return self._odd

    def real(self, p: float | Tensor, rows: Tensor) -> Tensor:
        """spow(u, p) of some rows of the block, which the next call overwrites."""
        logs = self._rows(self._logs, rows)
        power = torch.mul(logs, p, out=self._scratch("real", logs.shape)).exp_()
        return power.mul_(self._rows(self._signs, rows))

    def logged(self, power: Tensor, rows: Tensor) -> Tensor:
        """power * ln|u| of some rows of the block, 0 where u = 0; overwritten by the next call of anything."""
        return self._rows(self._logs, rows).mul_(power)

    def _rows(self, array: Tensor, rows: Tensor) -> Tensor:
        shape = torch.Size((len(rows), array.shape[1]))
        return torch.index_select(array, 0, rows, out=self._scratch("rows", shape))
