"""ADOM+: Kovalev, Gasanov, Gasnikov and Richtárik, "Lower Bounds and Optimal Algorithms for Smooth and Strongly Convex
Decentralized Optimization Over Time-Varying Networks", NeurIPS 2021. It needs gradients alone, no dual oracle.

Sends two vectors, m and s = y_g + z_g; keeps x_f, y, y_f, z, z_f, the error m, and lmin. Links may change, but need go
both ways, and the theory wants a path between any two devices in every round. The weight of a lost message stays with
the receiver's own vector; one way, the z do not sum to 0 any more, and x leads to an optimum that is off by that. A
device whose training does not count has the gradient 0 in that round.

Our reading: L = 1 / lr and mu = L / `algorithm.condition`; a problem that is not strongly convex wants
`algorithm.weight_decay`. W is that of `algorithm.gossip`; lmin is as in `common.gossip`. Parameters are those that the
theory gives, and the model of a device is x. As y and z are gradients in size, and L decides how they move, the
learning rate has to stay the same.
"""

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from testbed.aggregation import linear
from testbed.algorithms.common.algorithm import Algorithm, State, Training
from testbed.algorithms.common.gossip import known, positive_gossip, smallest


class ADOMPlus(Algorithm):
    """With G = I - W, chi = 1 / lmin (of G, but 0; lmax = 1) and the parameters below; x = x_f common, all else 0:

    x_g = t1 x + (1 - t1) x_f,    y_g = s1 y + (1 - s1) y_f,    z_g = s1 z + (1 - s1) z_f,    s = y_g + z_g
    h   = g(x_g) - nu x_g
    x+  = x + eta alpha (x_g - x+) - eta (h - y+)
    y+  = y + theta beta (h - y+) - theta (s / nu + x+)
    z+  = z + gamma delta (z_g - z) - G v,    m+ = v - G v,    v = gamma s / nu + m
    x_f = x_g + t2 (x+ - x),    y_f = y_g + s2 (y+ - y),    z_f = z_g - G s / 2

    x+ and y+ are the solution of the two equations in which they stand. Parameters:

    t2 = sqrt(mu / L),    t1 = 1 / (1 / t2 + 1 / 2),    s2 = t2 / (16 chi),    s1 = 1 / (1 / s2 + 1 / 2)
    eta = 1 / (L t2),    alpha = nu = mu / 2,    theta = nu / (4 s2),    beta = 1 / (2 L)
    gamma = nu / (14 s2 chi^2),    delta = 1 / (17 L)
    """

    title = "ADOM+"
    shardable = True
    vectors = 2
    momentum = "none"
    exact = True
    whole_rounds = True
    local_steps = False
    schedules = False
    connected = "warning"

    def start(self, models: Tensor) -> State:
        zero, unknown = torch.zeros_like(models), torch.full((len(models),), torch.inf, dtype=torch.float64)
        return {"x_f": models, "lmin": unknown} | dict.fromkeys(("y", "y_f", "z", "z_f", "m"), zero)

    def point(self, models: Tensor, state: State) -> Tensor:
        t1 = 1 / (sqrt(self.settings.condition) + 0.5)
        return t1 * models + (1 - t1) * state["x_f"]

    def weights(self, neighbours: Tensor, delivered: Tensor, round_: int) -> Tensor:
        return positive_gossip(self.settings, neighbours, delivered)

    def message(self, training: Training, state: State) -> Tensor:
        y_g, z_g = self._between(state)
        return torch.cat([state["m"], y_g + z_g], 1)

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        lmin = smallest(weights, state["lmin"])
        by = Parameters.of(training.lr, self.settings.condition, known(lmin, training.models))
        x, x_g, (y_g, z_g) = training.models, self.point(training.models, state), self._between(state)
        y, z, s = state["y"], state["z"], y_g + z_g
        x_next, y_next = by.solve(x, y, x_g, training.gradients - by.nu * x_g, s)
        gossiped_m, gossiped_s = (messages[self.rows] - linear(messages, weights, self.rows)).chunk(2, 1)
        gossiped_v = by.gamma / by.nu * gossiped_s + gossiped_m
        return x_next, {
            "x_f": x_g + by.t2 * (x_next - x),
            "y": y_next,
            "y_f": y_g + by.s2 * (y_next - y),
            "z": z + by.gamma * by.delta * (z_g - z) - gossiped_v,
            "z_f": z_g - gossiped_s / 2,
            "m": by.gamma / by.nu * s + state["m"] - gossiped_v,
            "lmin": lmin,
        }

    def _between(self, state: State) -> tuple[Tensor, Tensor]:
        """y_g and z_g, by the lmin that was known before the round."""
        s1 = 1 / (16 * sqrt(self.settings.condition) / known(state["lmin"], state["y"]) + 0.5)
        return s1 * state["y"] + (1 - s1) * state["y_f"], s1 * state["z"] + (1 - s1) * state["z_f"]


@dataclass(frozen=True)
class Parameters:
    """As the theory gives them; tensors are (devices, 1)."""

    eta: Tensor
    alpha: Tensor
    nu: Tensor
    theta: Tensor
    beta: Tensor
    gamma: Tensor
    delta: Tensor
    t2: float
    s2: Tensor

    @classmethod
    def of(cls, lr: Tensor, condition: float, lmin: Tensor) -> "Parameters":
        """With L = 1 / lr, mu = L / condition, chi = 1 / lmin."""
        half_mu, t2 = 1 / (2 * lr * condition), sqrt(1 / condition)
        s2 = t2 * lmin / 16
        gamma = half_mu * lmin**2 / (14 * s2)
        return cls(lr / t2, half_mu, half_mu, half_mu / (4 * s2), lr / 2, gamma, lr / 17, t2, s2)

    def solve(self, x: Tensor, y: Tensor, x_g: Tensor, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """x+ and y+ (devices, parameters)."""
        a = x + self.eta * (self.alpha * x_g - h)
        b = y + self.theta * (self.beta * h - s / self.nu)
        damping = 1 + self.theta * self.beta
        x_next = (a + self.eta * b / damping) / (1 + self.eta * self.alpha + self.eta * self.theta / damping)
        return x_next, (b - self.theta * x_next) / damping
