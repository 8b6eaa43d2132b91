"""Adapt-then-combine: Chen and Sayed, "Diffusion Adaptation Strategies for Distributed Optimization", 2012."""

from torch import Tensor

from testbed.aggregation import power_mean
from testbed.algorithms.base import Algorithm, State


class ATC(Algorithm):
    """x_i+ = sum_j a_ij (x_j - lr g_j(x_j))"""

    def message(self, models: Tensor, updates: Tensor) -> Tensor:
        return models - updates

    def mix(
        self, models: Tensor, updates: Tensor, messages: Tensor, weights: Tensor, state: State
    ) -> tuple[Tensor, State]:
        return power_mean(messages, weights, 1), state
