"""HetLoRA: Cho et al., "Heterogeneous LoRA for Federated Fine-tuning of On-Device Foundation Models", EMNLP 2024 (arXiv
2401.06432)."""

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import factor_means, padded
from testbed.lora.products import squared_norms


class HetLoRA(Merge):
    """Zero padding with weights a_ij = w_ij ||dW_j||_F / sum_k w_ik ||dW_k||_F, dW_j = B_j A_j.

    Our reading: the sum is over the closed neighbourhood and the norm over all layers of a device; the mixing weights
    stay in, so that a message that did not arrive has none. Such weights are not doubly stochastic, and what devices
    agree on is no plain mean. Where all products are zero, as at first, the mixing weights stand as they are. A
    head is mixed with those, too. The self-pruning of ranks is a policy's.
    """

    title = "HetLoRA"
    by_index = True
    whole_adapters = True

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        return factor_means(self.layout, sent, self._by_norm(sent, weights), mean, padded), state

    def _by_norm(self, sent: Adapters, weights: Tensor) -> Tensor:
        squares = [squared_norms(*self.layout.factors(sent.values, site)) for site in self.layout.sites]
        norms = torch.stack(squares).sum(0).clamp(min=0).sqrt()
        shares = torch.where(weights != 0, weights * norms, 0.0)
        total = shares.sum(1, keepdim=True)
        return torch.where(total == 0, weights, shares / total)
