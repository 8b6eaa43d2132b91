"""Stochastic gradient push (SGP): Assran et al., "Stochastic Gradient Push for Distributed Deep Learning", ICML 2019.

Sends x - lr g(z) and u, one value more than the model has; keeps u, and the model is z. Made for links that go one way
and messages that are lost: the sums of x and of u over the devices stay what they were.

Our reading: a device knows how many hear it, and what of its message was lost it keeps, as it knows from the
transport's acknowledgements; messages from and to devices that are not here at the end of a round count as lost. A
device that hears nobody for long gives away its u, so that its steps lr g / u grow without bound.
"""

import torch
from torch import Tensor

from testbed.aggregation import linear, push_sum
from testbed.algorithms.common.algorithm import Algorithm, State, Training
from testbed.algorithms.common.message import size_bytes


class SGP(Algorithm):
    """With P[i, j] = 1 / (1 + number of those that hear j) for i that hear j and j itself, and u = 1, x = z at first:

    x+ = P (x - lr g(z)),    u+ = P u,    z+ = x+ / u+    (alg. 1)
    """

    title = "SGP"
    shardable = True
    symmetric = "no"
    whole_rounds = True

    def message_bytes(self, parameters: int) -> tuple[int, ...]:
        return (size_bytes(parameters + 1),)

    def start(self, models: Tensor) -> State:
        return {"u": models.new_ones(len(models), 1)}

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        return push_sum(neighbours, delivered)

    def message(self, training: Training, state: State) -> Tensor:
        return torch.cat([state["u"] * training.models - training.updates, state["u"]], 1)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        sums = linear(messages, weights, self.rows)
        x, u = sums[:, :-1], sums[:, -1:]
        return x / u, {"u": u.clone()}
