"""D-PSGD: Lian et al., "Can Decentralized Algorithms Outperform Centralized Algorithms?", NeurIPS 2017.

Sends the model as it was before its local step; keeps nothing. One-way links bias what it converges to. The weight of
a lost message stays with the receiver's own model.
"""

from typing import ClassVar

from torch import Tensor

from testbed.aggregation import power_mean
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class DPSGD(Algorithm):
    """x_i+ = sum_j a_ij x_j - lr g_i(x_i)    (alg. 1; the gradient is taken before mixing)"""

    title = "D-PSGD"
    shardable = True
    modes: ClassVar[tuple[str, ...]] = ("barrier", "local", "async")

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        return power_mean(messages, weights, 1, training.updates, self.rows), state
