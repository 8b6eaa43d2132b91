"""Local training only: the reference line of no network."""

from torch import Tensor

from testbed.algorithms.base import Algorithm, State


class Local(Algorithm):
    """x_i+ = x_i - lr g_i(x_i)"""

    needs_air = False

    def mix(
        self, models: Tensor, updates: Tensor, messages: Tensor, weights: Tensor, state: State
    ) -> tuple[Tensor, State]:
        return models - updates, state
