"""D2, or exact diffusion: Tang, Lian, Yan, Zhang and Liu, "D2: Decentralized Training over Decentralized Data", ICML
2018.

Sends one vector; keeps the model after the last local step. W has to be symmetric, without eigenvalues up to -1/3, and
the same in every round: it is (I + W) / 2 here, W being the Metropolis weights (exact diffusion: Yuan, Ying, Zhao and
Sayed, 2019). Rounds that lose messages or links have another W, for which no theory holds, and may diverge; the weight
of what is lost stays with the receiver's own. A device whose training does not count has the gradient 0 in that round.
"""

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class D2(Algorithm):
    """x_t+1 = W (x_t + (x_t - lr g_t) - (x_t-1 - lr g_t-1)),    x_1 = W (x_0 - lr g_0)    (alg. 1)"""

    title = "D2"
    shardable = True
    momentum = "none"
    exact = True
    whole_rounds = True
    local_steps = False
    symmetric = "error"
    fixed = "warning"

    def start(self, models: Tensor) -> State:
        return {"trained": models.clone()}

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        weights = super().weights(neighbours, delivered, round_)
        return (weights + torch.eye(len(weights))) / 2

    def message(self, training: Training, state: State) -> Tensor:
        return training.models + training.trained - state["trained"]

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        return linear(messages, weights, self.rows), {"trained": training.trained}
