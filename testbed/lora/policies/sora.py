"""SoRA: Ding et al., "Sparse Low-rank Adaptation of Pre-trained Language Models", EMNLP 2023.

A gate g_i stands before each component, B diag(g) A; the loss has lambda_1 times the mean of |g|, and after each step
a gate loses xi, down to 0 (a soft threshold). A component whose gate is 0 is gone.

Our reading: a gate is no parameter of its own, but the size of its component, g_i = |B_i| |A_i|, as if B_i and A_i had
length 1; so it is folded in before anything is mixed, and mixing opens no gate again. The paper's gates begin random;
ours begin at 0, as B does, and so none closes before round lora.init_rounds. The threshold xi = lora.threshold falls
once a round, on B, at its end; lambda_1 = lora.gate_l1 is over the number of all components that there is room for.
The largest lora.rank_min gates of a layer lose nothing where they would close. A device sends the components that it
has.
"""

import torch
from torch import Tensor

from testbed.lora.merge import State
from testbed.lora.norms import norms, product_slope, scaled
from testbed.lora.policy import Plan, Policy, Seen
from testbed.lora.resize import masked


class Sora(Policy):
    """g <- max(g - xi, 0); live are the components with g > 0. No state but `live`."""

    title = "SoRA gates"
    dynamic = True
    changes = True

    def penalty(self, models: Tensor, plan: Plan) -> Tensor | None:
        number = torch.arange(self.layout.components)
        slope = product_slope(self.layout, models, torch.where(plan.live, number, -1), plan.a, plan.b)
        return slope * (self.settings.gate_l1 / self.layout.components)

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        if round_ < self.settings.init_rounds:
            return models, state
        a, b = norms(self.layout, models)
        gates = a.double() * b
        left = (gates - self.settings.threshold).clamp(min=0)
        left = torch.where((left == 0) & self._kept(gates, state["live"]), gates, left)
        factor = torch.where(gates > 0, left / gates.where(gates > 0, 1.0), 1.0)
        live = state["live"] & ((left > 0) | self._kept(gates, state["live"]))
        models = scaled(self.layout, models, torch.ones_like(factor), factor)
        return masked(self.layout, models, live), {**state, "live": live}

    def _kept(self, gates: Tensor, live: Tensor) -> Tensor:
        """Bool (devices, components): the largest gates of each layer that stay in any case."""
        kept = torch.zeros_like(live)
        gates = gates.masked_fill(~live, -1.0)
        for site in self.layout.sites:
            order = gates[:, site.components].argsort(dim=1, descending=True, stable=True)
            kept[:, site.components] = order.argsort(dim=1) < self.settings.rank_min
        return kept & live
