"""XGBLoRA: Zhang et al., "Less is More: Extreme Gradient Boost Rank-1 Adaption for Efficient Finetuning of LLMs", arXiv
2410.19694.

The paper trains an adapter of rank 1, merges it into the weights, and begins the next one, as boosting adds weak
learners. Our reading, of its abstract, for devices whose common base may not move apart: nothing is merged. In stage k
component k of every layer trains and is sent; those before stay as they are, those after still add 0. A stage has
lora.stage_rounds; after the last component of a layer that one trains on. So messages have rank 1 all along.
"""

import torch
from torch import Tensor

from testbed.lora.merge import State
from testbed.lora.policy import Plan, Policy


class Boost(Policy):
    """As the module says. No state but `live`."""

    title = "XGBLoRA"
    parts = True
    unequal = False
    dynamic = True
    lists = False

    def plan(self, state: State, round_: int) -> Plan:
        return self._plan(state["live"], state["live"] & self._stage(round_ // self.settings.stage_rounds))

    def most_sent(self) -> tuple[Tensor, Tensor]:
        first = self._stage(0).expand(self.devices, -1)
        plan = self._plan(first, first)
        return plan.a, plan.b

    def _stage(self, number: int) -> Tensor:
        """Bool (components,): the one of each layer that trains."""
        rooms = [site.room for site in self.layout.sites]
        return torch.cat([torch.arange(room) == min(number, room - 1) for room in rooms])
