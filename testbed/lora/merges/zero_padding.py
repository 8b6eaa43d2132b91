"""Zero padding: how FedIT is carried over to unequal ranks, the baseline of HetLoRA and of replication padding."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import factor_means, padded


class ZeroPadding(Merge):
    """A_i = mean_j A_j, B_i = mean_j B_j, where a device counts as zero in components that it lacks.

    A component that one of m devices has is left with 1/m in each factor (m^(-1/p) with power means), and 1/m^2 in the
    product: ranks collapse. As "has not" counts as zero, "has not sent" must not happen.
    """

    title = "zero padding"
    by_index = True
    whole_adapters = True

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        return factor_means(self.layout, sent, weights, mean, padded), state
