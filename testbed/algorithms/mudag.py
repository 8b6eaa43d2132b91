"""Mudag: Ye, Luo, Zhou and Zhang, "Multi-consensus Decentralized Accelerated Gradient Descent", arXiv 2005.00797, 2020.

In every round each device sends K = `algorithm.exchanges` vectors, one exchange after the other, as FastMix has it. It
keeps y and the last step from it, and in between the two last vectors of FastMix. Links need go both ways, and a path
lead from any device to any other: over disconnected graphs it was seen to diverge. The weight of a lost message stays
with the receiver's own vector; one way, that moves the mean of all models. A device whose training does not count has
the gradient 0 in that round.

Our reading, for networks that the paper does not treat: eta = lr is 1 / L, and L / mu is `algorithm.condition` (10 in
HyperPrism); gradients are stochastic; W is new in every exchange (`algorithm.gossip`), and eta_w follows it, as
`common.gossip` says; K is a setting.
"""

from math import sqrt

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training
from testbed.algorithms.common.gossip import gossip, l2


class Mudag(Algorithm):
    """Gradients are taken at y_t. With alpha = sqrt(mu / L) and l2 the second largest |eigenvalue| of W:

    z^0   = x_t + (y_t - lr g_t) - (y_t-1 - lr g_t-1),    z^-1 = z^0,    y_-1 = y_0 = x_0,    g_-1 = 0
    z^k+1 = (1 + eta_w) W z^k - eta_w z^k-1,    eta_w = (1 - sqrt(1 - l2^2)) / (1 + sqrt(1 - l2^2))    (FastMix)
    x_t+1 = z^K
    y_t+1 = x_t+1 + (1 - alpha) / (1 + alpha) (x_t+1 - x_t)                                            (alg. 1)
    """

    title = "Mudag"
    shardable = True
    momentum = "none"
    exact = True
    whole_rounds = True
    local_steps = False
    connected = "warning"

    @property
    def exchanges(self) -> int:
        return self.settings.exchanges

    def start(self, models: Tensor) -> State:
        begun = torch.zeros(len(models), dtype=torch.int64)
        return {"y": models, "stepped": models, "z": models, "z_before": models, "exchange": begun}

    def point(self, models: Tensor, state: State) -> Tensor:
        return state["y"]

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        return gossip(self.settings, neighbours, delivered)

    def message(self, training: Training, state: State) -> Tensor:
        return self._last_two(training, state)[0]

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        z, before = self._last_two(training, state)
        eta = eta_w(l2(weights))
        after = (1 + eta) * linear(messages, weights, self.rows) - eta * before
        mixed = state | {"z": after, "z_before": z, "exchange": state["exchange"] + 1}
        return after, self._ended(training, mixed) if mixed["exchange"][0] == self.exchanges else mixed

    def _last_two(self, training: Training, state: State) -> tuple[Tensor, Tensor]:
        """z^k and z^k-1"""
        if state["exchange"][0] > 0:
            return state["z"], state["z_before"]
        z = training.models + state["y"] - training.updates - state["stepped"]
        return z, z

    def _ended(self, training: Training, state: State) -> State:
        """The state after the last exchange of a round."""
        x, alpha = state["z"], sqrt(1 / self.settings.condition)
        y = x + (1 - alpha) / (1 + alpha) * (x - training.models)
        stepped = state["y"] - training.updates
        return {"y": y, "stepped": stepped, "z": x, "z_before": x, "exchange": torch.zeros_like(state["exchange"])}


def eta_w(second: float) -> float:
    """The momentum of FastMix (Liu and Morse, "Accelerated Linear Iterations for Distributed Averaging", 2011)."""
    root = sqrt(1 - second**2)
    return (1 - root) / (1 + root)
