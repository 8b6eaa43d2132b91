"""All-reduce SGD: the reference line of a perfect, free network.

Sends nothing over the air; keeps nothing; asks nothing of the links; nothing can be lost.
"""

from torch import Tensor

from testbed.algorithms.common.algorithm import Algorithm, State, Training


class AllReduce(Algorithm):
    """x_i+ = 1/m sum_j (x_j - lr g_j(x_j)), over the m devices that are here, whatever the air would have
    carried: those to whose message anybody gives weight."""

    title = "all-reduce"
    needs_air = False
    exact = True
    symmetric = "no"

    def message(self, training: Training, state: State) -> Tensor:
        return training.trained

    def mix(self, training: Training, messages: Tensor, weights: Tensor, state: State) -> tuple[Tensor, State]:
        return messages[weights.sum(0) > 0].mean(0).expand_as(training.models).clone(), state
