"""Replication padding: Byun and Lee, "Towards Federated Low-Rank Adaptation of Language Models with Rank
Heterogeneity", NAACL 2025 (arXiv 2406.17477)."""

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import factor_means, renormalised


class Replication(Merge):
    """A component that a device lacks is filled with the mean over those that have it; then all are averaged.

    Our reading without a server: those are the owners in the receiver's closed neighbourhood, and they count alike in
    what is filled in; the average is that of the mixing weights. Filled with those weights too it would be RBLA, which
    it is anyhow where all weights are equal. What a message does not carry is filled in like what its sender lacks.
    """

    title = "replication padding"
    by_index = True

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        heard = (weights != 0).to(weights)
        alike = heard / heard.sum(1, keepdim=True)
        filled = factor_means(self.layout, sent, alike, mean, renormalised)
        there = torch.ones_like(sent.a[: len(weights)])
        rows = Adapters(torch.cat([sent.values, filled]), torch.cat([sent.a, there]), torch.cat([sent.b, there]))
        weights = torch.cat([weights, weights.new_zeros(len(weights), len(weights))], 1)
        return factor_means(self.layout, rows, weights, mean, _filled), state


def _filled(weights: Tensor, owners: Tensor) -> Tensor:
    """The weight of those without the component goes to what is filled in, the last rows, one for each device. A device
    that is the only owner keeps all of it, bit for bit."""
    shared = weights * owners
    only = (shared.count_nonzero(1) == 1) & (shared.diagonal() != 0)
    shared[:, -len(weights) :].diagonal().add_((weights * ~owners).sum(1))
    return torch.where(only[:, None], torch.eye(*weights.shape).to(weights), shared)
