"""Local training only: the reference line of no network.

Sends nothing; keeps nothing; asks nothing of the links; nothing can be lost.
"""

import torch
from torch import Tensor

from testbed.algorithms.common.algorithm import Algorithm, State, Training


class Local(Algorithm):
    """x_i+ = x_i - lr g_i(x_i)"""

    title = "local only"
    shardable = True
    modes = ("barrier", "local", "async")
    needs_air = False
    symmetric = "no"

    def without_air(self, here: Tensor) -> Tensor:
        return torch.eye(len(here), dtype=torch.float64)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        return training.trained, state
