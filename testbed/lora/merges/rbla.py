"""RBLA: Chen et al., "RBLA: Rank-Based-LoRA-Aggregation for Fine-tuning Heterogeneous Models in FLaaS" (arXiv
2408.08699)."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import factor_means, renormalised


class RBLA(Merge):
    """Row k of A and column k of B: each the mean over those that have component k, with their weights renormalised.

    So nothing is diluted by devices that lack it. With equal ranks it is FedIT, cross terms and all. What a message
    does not carry counts as what its sender lacks (our reading).
    """

    title = "RBLA"
    by_index = True

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        return factor_means(self.layout, sent, weights, mean, renormalised), state
