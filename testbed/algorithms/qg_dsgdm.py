"""QG-DSGDm: Lin, Karimireddy, Stich and Jaggi, "Quasi-Global Momentum: Accelerating Decentralized Deep Learning on
Heterogeneous Data", ICML 2021.

Sends the model after its local steps; keeps the momentum m. Links may change; one-way links bias what it converges to,
as with any mean. The weight of a lost message stays with the receiver's own model. A device whose training does not
count mixes all the same, and its momentum takes in what that changed. Our reading: with several local steps, m stays
the same in all of them, and is then moved by their mean.
"""

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class QGDSGDm(Algorithm):
    """K local steps from y = x_t on:    y <- y - lr (g(y) + beta m_t),    then

    x_t+1 = W y
    m_t+1 = beta m_t + (1 - beta) (x_t - x_t+1) / (K lr)        (alg. 1, for K = 1)
    """

    title = "QG-DSGDm"
    shardable = True
    momentum = "own"
    default_momentum = 0.9

    def start(self, models: Tensor) -> State:
        return {"momentum": torch.zeros_like(models)}

    def correction(self, state: State) -> Tensor:
        return self.beta * state["momentum"]

    def message(self, training: Training, state: State) -> Tensor:
        return training.trained

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        models, beta = linear(messages, weights, self.rows), self.beta
        moved = (training.models - models) / (self.settings.local_steps * training.lr)
        return models, {"momentum": beta * state["momentum"] + (1 - beta) * moved}
