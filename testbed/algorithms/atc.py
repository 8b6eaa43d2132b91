"""Adapt-then-combine: Chen and Sayed, "Diffusion Adaptation Strategies for Distributed Optimization", 2012.

Sends the model after its local step; keeps nothing. One-way links bias what it converges to. The weight of a lost
message stays with the receiver's own model.
"""

from typing import ClassVar

from torch import Tensor

from testbed.aggregation import power_mean
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class ATC(Algorithm):
    """x_i+ = sum_j a_ij (x_j - lr g_j(x_j))"""

    title = "ATC"
    shardable = True
    modes: ClassVar[tuple[str, ...]] = ("barrier", "local", "async")

    def message(self, training: Training, state: State) -> Tensor:
        return training.trained

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        return power_mean(messages, weights, 1, rows=self.rows), state
