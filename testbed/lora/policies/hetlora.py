"""HetLoRA's self-pruning: Cho et al., "Heterogeneous LoRA for Federated Fine-tuning of On-Device Foundation Models",
EMNLP 2024.

A device of rank r adds to its loss, for the components from floor(g r) on, in every layer,

    lambda |B_tail|_F |A_tail|_F

and if that became less in the local training, it has rank floor(g r) from then on, but never less than the smallest.
The tail is cut off: it is what the penalty made small. Its other half, the sparsity-weighted mean, is a merge.

Our reading: a device has one r for all layers, and compares the sum of its layers' products; g = lora.prune, lambda =
lora.penalty; what the merge made of the tail does not matter. In the first round B = 0, and nobody prunes.
"""

import torch
from torch import Tensor

from testbed.lora.merge import State
from testbed.lora.norms import norms, product_slope
from testbed.lora.policy import Plan, Policy, Seen
from testbed.lora.resize import masked


class HetLora(Policy):
    """As the module says. Ranks begin with lora.rank, a number or each device's; `rank` (devices,) is in the state."""

    title = "HetLoRA self-pruning"
    dynamic = True
    changes = True

    def start(self) -> State:
        return {**super().start(), "rank": self.most}

    def penalty(self, models: Tensor, plan: Plan) -> Tensor | None:
        ranks = self.layout.ranks(plan.live).amax(1)
        tail = plan.live & ~self._nested(self._pruned(ranks))
        groups = torch.where(tail, self._site_of(), -1)
        return self.settings.penalty * product_slope(self.layout, models, groups, plan.a, plan.b)

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        pruned = self._pruned(state["rank"])
        tail = state["live"] & ~self._nested(pruned)
        before, after = (self._product(each, tail) for each in (seen.models, seen.models - seen.updates))
        rank = torch.where(after < before, pruned, state["rank"])
        live = state["live"] & self._nested(rank)
        return masked(self.layout, models, live), {**state, "live": live, "rank": rank}

    def _pruned(self, rank: Tensor) -> Tensor:
        """floor(g r), or the smallest rank."""
        return (self.settings.prune * rank).floor().long().clamp(min=self.settings.rank_min)

    def _product(self, models: Tensor, tail: Tensor) -> Tensor:
        """(devices,) sum of the layers' |B_tail|_F |A_tail|_F."""
        a, b = (each.double().square() * tail for each in norms(self.layout, models))
        parts = [(a[:, site.components].sum(1) * b[:, site.components].sum(1)).sqrt() for site in self.layout.sites]
        return torch.stack(parts).sum(0)

    def _site_of(self) -> Tensor:
        """(components,) the number of each one's layer."""
        return torch.cat([torch.full((site.room,), number) for number, site in enumerate(self.layout.sites)])
