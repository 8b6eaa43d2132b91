"""Signed powers of one block of models, for exponents that rise."""

from functools import cached_property

from torch import Tensor

NOTHING = -1e4
"""Stands for ln 0: finite, so that 0 ln 0 is 0, and exp(p NOTHING) is 0 for every p >= 1."""


class Powers:
    """spow(u, p) of a float64 block u, asked for with p in rising order.

    Odd integers are reached by multiplications with u^2, which cost less than an exponential and
    keep the sign; other p through exp(p ln|u|).
    """

    def __init__(self, block: Tensor) -> None:
        self._block = block
        self._odd, self._exponent = block, 1

    def odd(self, p: int) -> Tensor:
        """u^p of the whole block; may overwrite what an earlier call returned."""
        steps, factor = (p - self._exponent) // 2, self._square
        while steps:
            if steps % 2:
                self._odd = self._times(factor)
            steps //= 2
            factor = factor * factor if steps else factor
        self._exponent = p
        return self._odd

    def real(self, p: Tensor, rows: Tensor) -> Tensor:
        """spow(u, p) of some rows of the block."""
        return self.logs[rows].mul_(p).exp_().mul_(self._signs[rows])

    @cached_property
    def logs(self) -> Tensor:
        """ln|u|, NOTHING where u = 0."""
        return self._block.abs().log_().clamp_(min=NOTHING)

    def _times(self, factor: Tensor) -> Tensor:
        return self._odd * factor if self._odd is self._block else self._odd.mul_(factor)

    @cached_property
    def _signs(self) -> Tensor:
        return self._block.sign()

    @cached_property
    def _square(self) -> Tensor:
        return self._block * self._block
