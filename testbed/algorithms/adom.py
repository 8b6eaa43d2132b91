"""ADOM: Kovalev, Shulgin, Richtárik, Rogozin and Gasnikov, "ADOM: Accelerated Decentralized Optimization Method for
Time-Varying Networks", ICML 2021.

Sends two vectors, m and x; keeps the dual vectors z and z_f, the error m, and lmin. Links may change, but need go both
ways, and the theory wants a path between any two devices in every round. The weight of a lost message stays with the
receiver's own vector; one way, the z do not sum to 0 any more, and x leads to an optimum that is as far off as they
are. A device whose training does not count keeps its x.

Our reading, as networks have no dual oracle: x = argmin_x f(x) - <z_g, x> is sought by `algorithm.local_steps` gradient
steps from the last x on. L = 1 / lr and mu = L / `algorithm.condition` (10 in HyperPrism). f has to be strongly convex:
for one that is not, `algorithm.weight_decay` is the mu_reg of mu_reg |x|^2 / 2. W is that of `algorithm.gossip`; lmin
is as in `common.gossip`. The paper sends m - eta x in place of m, which is as much; so, eta can follow the round's W.
"""

from math import sqrt

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training
from testbed.algorithms.common.gossip import known, positive_gossip, smallest


class ADOM(Algorithm):
    """With G = I - W, lmin its smallest eigenvalue but 0, and lmax = 1; x_0 common, z = z_f = m = 0 at first:

    z_g  = tau z + (1 - tau) z_f                    tau = lmin / 7 sqrt(mu / L)
    x   <- x - lr (g(x) - z_g), in every local step
    D    = G (m - eta x)                            eta = 2 lmin sqrt(mu L) / 7
    m   <- m - eta x - D
    z   <- z + eta alpha (z_g - z) + D              alpha = 1 / (2 L)
    z_f <- z_g - mu G x
    """

    title = "ADOM"
    shardable = True
    vectors = 2
    momentum = "none"
    exact = True
    whole_rounds = True
    connected = "warning"

    def start(self, models: Tensor) -> State:
        zero, unknown = torch.zeros_like(models), torch.full((len(models),), torch.inf, dtype=torch.float64)
        return {"z": zero, "z_f": zero, "m": zero, "lmin": unknown}

    def correction(self, state: State) -> Tensor:
        return -self._z_g(state)

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        return positive_gossip(self.settings, neighbours, delivered)

    def message(self, training: Training, state: State) -> Tensor:
        return torch.cat([state["m"], training.trained], 1)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        x, z, z_g, lr, condition = training.trained, state["z"], self._z_g(state), training.lr, self.settings.condition
        lmin = smallest(weights, state["lmin"])
        eta, alpha, mu = 2 * known(lmin, x) / (7 * lr * sqrt(condition)), lr / 2, 1 / (lr * condition)
        gossiped_m, gossiped_x = (messages[self.rows] - linear(messages, weights, self.rows)).chunk(2, 1)
        d = gossiped_m - eta * gossiped_x
        z, m = z + eta * alpha * (z_g - z) + d, state["m"] - eta * x - d
        return x, {"z": z, "z_f": z_g - mu * gossiped_x, "m": m, "lmin": lmin}

    def _z_g(self, state: State) -> Tensor:
        tau = known(state["lmin"], state["z"]) / (7 * sqrt(self.settings.condition))
        return tau * state["z"] + (1 - tau) * state["z_f"]
