"""K-GT, gradient tracking with local steps: Liu, Lin, Koloskova and Stich, "Decentralized Gradient Tracking with Local
Steps", 2023.

Sends two vectors, the model after its local steps and their mean step z; keeps the correction c. Links may change, but
need go both ways: the corrections sum to 0 only while columns of W sum to 1. What a message lost one way adds to that
sum is never made good. Our reading: c = 0 at first, where the paper has one all-reduce of gradients; and the step size
between rounds is 1. A device whose training does not count has z = 0 in that round.
"""

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class KGT(Algorithm):
    """Round t, K local steps from y = x_t on:    y <- y - lr (g(y) + c_t)

    z_t   = (x_t - y) / (K lr)
    c_t+1 = c_t - z_t + W z_t
    x_t+1 = W y = W (x_t - K lr z_t)        (alg. 1; K = 1 is DSGT)
    """

    title = "K-GT"
    shardable = True
    vectors = 2
    momentum = "none"
    exact = True
    whole_rounds = True

    def start(self, models: Tensor) -> State:
        return {"correction": torch.zeros_like(models)}

    def correction(self, state: State) -> Tensor:
        return state["correction"]

    def message(self, training: Training, state: State) -> Tensor:
        return torch.cat([training.trained, self._mean_step(training)], 1)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        models, mixed = linear(messages, weights, self.rows).chunk(2, 1)
        return models, {"correction": state["correction"] - self._mean_step(training) + mixed}

    def _mean_step(self, training: Training) -> Tensor:
        """z"""
        return training.gradients / self.settings.local_steps
