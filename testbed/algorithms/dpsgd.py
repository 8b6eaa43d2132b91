"""D-PSGD: Lian et al., "Can Decentralized Algorithms Outperform Centralized Algorithms?", NeurIPS 2017."""

from torch import Tensor

from testbed.aggregation import power_mean
from testbed.algorithms.base import Algorithm, State


class DPSGD(Algorithm):
    """x_i+ = sum_j a_ij x_j - lr g_i(x_i)    (alg. 1; the gradient is taken before mixing)"""

    def mix(
        self, models: Tensor, updates: Tensor, messages: Tensor, weights: Tensor, state: State
    ) -> tuple[Tensor, State]:
        return power_mean(messages, weights, 1, updates), state
