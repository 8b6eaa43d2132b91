"""DSGT, gradient tracking: Nedić, Olshevsky and Shi, "Achieving Geometric Convergence for Distributed Optimization over
Time-Varying Graphs", SIAM J. Optim. 2017 (DIGing), here in the adapt-then-combine form of Xu et al., "Augmented
Distributed Gradient Methods for Multi-Agent Optimization", CDC 2015.

Sends two vectors, x - lr y and y; keeps the mixed y and the last gradient. Links may change, but need go both ways: the
mean of all y is that of all gradients only while columns of W sum to 1. What a message lost one way takes from that
mean, or adds to it, is never made good. A device whose training does not count has the gradient 0 in that round.
"""

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class DSGT(Algorithm):
    """x_t+1 = W (x_t - lr y_t),    y_t = W y_t-1 + g_t(x_t) - g_t-1(x_t-1),    y_-1 = g_-1 = 0"""

    title = "DSGT"
    shardable = True
    vectors = 2
    momentum = "none"
    exact = True
    whole_rounds = True
    local_steps = False

    def start(self, models: Tensor) -> State:
        return {"mixed": torch.zeros_like(models), "gradients": torch.zeros_like(models)}

    def message(self, training: Training, state: State) -> Tensor:
        tracked = state["mixed"] + training.gradients - state["gradients"]
        return torch.cat([training.models - training.lr * tracked, tracked], 1)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        models, mixed = linear(messages, weights, self.rows).chunk(2, 1)
        return models, {"mixed": mixed, "gradients": training.gradients}
