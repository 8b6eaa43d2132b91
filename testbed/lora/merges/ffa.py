"""FFA-LoRA: Sun et al., "Improving LoRA in Privacy-preserving Federated Learning", ICLR 2024 (arXiv 2403.12313)."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import factor_means, renormalised


class FFALoRA(Merge):
    """A stays as it began, B_i = mean_j B_j: exact, as sum_j w_ij B_j A = (sum_j w_ij B_j) A.

    A is common: it begins alike everywhere and is neither trained nor sent, so no loss of messages can part it.

    Unequal ranks (our reading): A is nested, so component k means the same row of A on all devices that have it, and
    column k of B is the mean of the columns of those that sent it, with their weights renormalised. Each component is
    then mixed exactly among its owners.
    """

    title = "FFA-LoRA"
    by_index = True
    trains = "B"

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        mixed = own.values.clone()
        columns = self.layout.parts["B"]
        mixed[:, columns] = factor_means(self.layout, sent, weights, mean, renormalised, "B")[:, columns]
        return mixed, state
