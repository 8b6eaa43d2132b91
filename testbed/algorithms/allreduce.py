"""All-reduce SGD: the reference line of a perfect, free network."""

from torch import Tensor

from testbed.algorithms.base import Algorithm, State


class AllReduce(Algorithm):
    """x_i+ = 1/m sum_j (x_j - lr g_j(x_j)), over the m devices that are here, whatever the air would have
    carried: those to whose message anybody gives weight."""

    needs_air = False

    def message(self, models: Tensor, updates: Tensor) -> Tensor:
        return models - updates

    def mix(
        self, models: Tensor, updates: Tensor, messages: Tensor, weights: Tensor, state: State
    ) -> tuple[Tensor, State]:
        return messages[weights.sum(0) > 0].mean(0).expand_as(models).clone(), state
