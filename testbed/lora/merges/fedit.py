"""FedIT: Zhang et al., "Towards Building the Federated GPT: Federated Instruction Tuning", ICASSP 2024."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import factor_means, kept


class FedIT(Merge):
    """A_i = mean_j A_j, B_i = mean_j B_j: each factor by itself.

    Not the mean of the products: (sum w_j B_j)(sum w_j A_j) has cross terms B_j A_k. For one rank on all devices, as
    values stand in for each other by their place alone. The weight of a component that a message does not carry stays
    with the receiver (our reading), as if the message had been lost.
    """

    title = "FedIT"
    by_index = True
    unequal = False

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        return factor_means(self.layout, sent, weights, mean, kept), state
