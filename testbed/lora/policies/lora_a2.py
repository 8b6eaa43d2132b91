"""LoRA-A2: Koo, Jang and Ok, "Towards Robust and Efficient Federated Low-Rank Adaptation with Heterogeneous Clients",
ACL 2025.

One factor trains, then the other, B first, as A gets no gradient while B = 0. A device sends the components that its
training changed most, over all layers, by the Frobenius norm of the change:

    rounds of B: S_i = |dB_i| |A_i|,    rounds of A: S_i = |B_i| |dA_i|

and only those train: others' updates are dropped. The paper takes an extra epoch to find S; we take the round's own
updates (our reading). It keeps r_i x layers components; here a budget in bytes is filled in the order of S, with what
does not fit passed over. lora.budget_bytes says it; by default it is what lora.rank, a number or each device's,
takes in all layers. All devices have the largest rank of the list. A message's mask is not counted.

The sum of products is exact only if the frozen factor is the same everywhere, which gossip does not give. Repairs:
lora.gossip = "both" (the default) sends and mixes both factors of what is selected, after ADF-LoRA (arXiv 2511.18291),
and so has twice the bytes a component; "interval" sends the factor that trains alone, and has it train for
lora.switch_rounds, after TAD-LoRA (arXiv 2602.00451). "interval" with 1 is the paper's own. Rounds are counted in
common. Both are our readings of abstracts.
"""

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.budget import component_bytes, filled
from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.lora.norms import norms
from testbed.lora.policy import Facts, Plan, Policy
from testbed.scenario.lora import Lora as Settings


class LoraA2(Policy):
    """As the module says. No state but `live`."""

    title = "LoRA-A2"
    parts = True
    dynamic = True
    drops = True
    chooses = True

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int, facts: Facts) -> None:
        super().__init__(layout, settings, devices, seed, facts)
        self._needs_both("trains A and B in turn")
        self._check_place()

    def start(self) -> State:
        return {"live": self._nested(self.most.amax().expand(self.devices))}

    def plan(self, state: State, round_: int) -> Plan:
        live = state["live"]
        none = torch.zeros_like(live)
        of_b = round_ // self.settings.switch_rounds % 2 == 0
        return Plan(live, none, live) if of_b else Plan(live, live, none)

    def select(self, plan: Plan, models: Tensor, updates: Tensor, state: State) -> tuple[Tensor, Tensor]:
        both = self.settings.gossip == "both"
        a, b = (plan.live, plan.live) if both else (plan.a, plan.b)
        scores = importance(self.layout, plan, models, updates)
        sizes = component_bytes(self.layout, a, b, self.settings.dtype)
        chosen = filled(scores, sizes, self._budgets(a, b))
        return a & chosen, b & chosen

    def _check_place(self) -> None:
        """Raises UserError where no component fits, be it in the rounds of one factor alone."""
        budget, both = self.settings.budget_bytes, self.settings.gossip == "both"
        every = torch.ones(self.layout.components, dtype=torch.bool)
        turns = [(every, every)] if both else [(every, ~every), (~every, every)]
        need = max(int(component_bytes(self.layout, *turn, self.settings.dtype).min()) for turn in turns)
        if budget is not None and budget < need:
            raise UserError(
                f"lora.budget_bytes = {budget}: {self.title} would send nothing, be it in some rounds alone, as the "
                f"smallest component takes {need} bytes with lora.gossip = {self.settings.gossip!r} and lora.dtype = "
                f"{self.settings.dtype!r}; take at least {need}."
            )

    def _budgets(self, a: Tensor, b: Tensor) -> Tensor:
        """(devices,) bytes, of messages with these factors."""
        if self.settings.budget_bytes is not None:
            return torch.full((self.devices,), self.settings.budget_bytes)
        own = self._nested(self.most)
        return component_bytes(self.layout, a & own, b & own, self.settings.dtype).sum(1)


def importance(layout: Layout, plan: Plan, models: Tensor, updates: Tensor) -> Tensor:
    """S (devices, components) of what the round's training changed; minus infinity for what is not there."""
    (a, b), (da, db) = norms(layout, models), norms(layout, updates)
    return torch.where(plan.b, db * a, torch.where(plan.a, b * da, -torch.inf))
