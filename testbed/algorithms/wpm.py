"""Weighted power mean with one fixed p: Du et al., "HyperPrism", NeurIPS 2024, section 3.

The paper's algorithm 1 takes the gradient step before the mean and its eq. 6 takes it inside; doing
both would count it twice. Either is one variant here. Both are our reading of it.
"""

from torch import Tensor

from testbed.aggregation import power_mean
from testbed.algorithms.base import Algorithm, State


class WPM(Algorithm):
    """With spow(w, p) = sign(w) |w|^p:

    primal  x_i+ = spow( sum_j a_ij spow(x_j - lr g_j(x_j), p), 1/p )    (alg. 1; p = 1 is ATC)
    mirror  x_i+ = spow( sum_j a_ij spow(x_j, p) - lr g_i(x_i), 1/p )    (eq. 6; p = 1 is D-PSGD)

    A device that received nothing takes the step of its variant: the formula with a_ii = 1.
    """

    def message(self, models: Tensor, updates: Tensor) -> Tensor:
        return models - updates if self.settings.variant == "primal" else models

    def mix(
        self, models: Tensor, updates: Tensor, messages: Tensor, weights: Tensor, state: State
    ) -> tuple[Tensor, State]:
        return power_mean(messages, weights, self.settings.p, self.inside(updates)), state

    def inside(self, updates: Tensor) -> Tensor | None:
        """What goes off the sum in mirror space."""
        return updates if self.settings.variant == "mirror" else None
