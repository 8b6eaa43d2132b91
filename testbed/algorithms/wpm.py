"""Weighted power mean with one fixed p: Du et al., "HyperPrism", NeurIPS 2024, section 3.

The paper's algorithm 1 takes the gradient step before the mean and its eq. 6 takes it inside; doing
both would count it twice. Either is one variant here. Both are our reading of it.

Sends the model, before its local step (`mirror`) or after it (`primal`); keeps nothing. One-way links bias what it
converges to. The weight of a lost message stays with the receiver's own model.
"""

from torch import Tensor

from testbed.aggregation import power_mean
from testbed.algorithms.common.algorithm import Algorithm, State, Training


class WPM(Algorithm):
    """With spow(w, p) = sign(w) |w|^p:

    primal  x_i+ = spow( sum_j a_ij spow(x_j - lr g_j(x_j), p), 1/p )    (alg. 1; p = 1 is ATC)
    mirror  x_i+ = spow( sum_j a_ij spow(x_j, p) - lr g_i(x_i), 1/p )    (eq. 6; p = 1 is D-PSGD)

    A device that received nothing takes the step of its variant: the formula with a_ii = 1.
    """

    title = "WPM"
    shardable = True
    modes = ("barrier", "local", "async")

    @property
    def notes(self) -> list[str]:
        return signed_power([self.settings.p], "algorithm.p")

    def message(self, training: Training, state: State) -> Tensor:
        return training.trained if self.settings.variant == "primal" else training.models

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        return power_mean(messages, weights, self.settings.p, self.inside(training.updates), self.rows), state

    def inside(self, updates: Tensor) -> Tensor | None:
        """What goes off the sum in mirror space."""
        return updates if self.settings.variant == "mirror" else None


def signed_power(powers: list[float], key: str) -> list[str]:
    """A sentence where one of the powers is no odd integer: the paper has odd ones alone."""
    unusual = [power for power in powers if power % 2 != 1]
    if not unusual:
        return []
    return [
        f"{key} = {unusual[0]:g} is no odd integer, for which the paper's theory is: the signed power sign(w) |w|^p is "
        "taken"
    ]
