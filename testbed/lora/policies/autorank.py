"""AutoRank: Chen, Tavallaie, Nazemi, Chen and Zomaya, "AutoRank: MCDA Based Rank Personalization for LoRA-Enabled
Distributed Learning", arXiv 2412.15553. A reconstruction: we had no more than its abstract and reviews, and no
code of it is public.

From the abstract and reviews: devices with more complex data get higher ranks; complexity is the entropy of the
training loss, the entropy and the Gini-Simpson index of the labels, and how many labels there are; criteria are
weighted by CRITIC and scored by TOPSIS. Our reading: histograms with common edges, ranks by the scores scaled from
the lowest to the highest, and that ranks are chosen once.

Without a server, devices flood what they have measured. In round 0 all train with the smallest rank, and measure at
its end. From round 1 on a message carries all that its sender knows, 4 bytes for a device and 4 for each criterion,
as long as the sender has not chosen; receivers know it after that. At the end of round lora.flood_rounds every device
scores all that it knows of, itself among them, and takes its own rank, once. Devices that know the same agree on all
scores; one that has missed some does with what it has, and one that knows of nobody else takes the middle. As many
rounds as the graph has hops are enough if no message is lost.

Where devices leave (our reading): one that is away at the end of round 0 has measured nothing. Nobody hears of it, and
it takes the middle when it chooses; what it hears it passes on. One that is away at the end of the flood goes on with
it until the first round in which it mixes, and chooses then. It hears of others then only from those that have not
chosen either.
"""

import torch
from torch import Tensor

from testbed.lora.complexity import complexity
from testbed.lora.decision import critic, ranks, topsis
from testbed.lora.merge import State
from testbed.lora.policy import Policy, Seen
from testbed.lora.resize import grown

ENTRY_BYTES = 4
"""Of a device's number, and of a criterion as float32."""


class AutoRank(Policy):
    """r_i = r_min + round(c_i (r_max - r_min)), c the TOPSIS closeness scaled to 0 to 1; halves are rounded up.

    State: `metrics` (devices, criteria); `known` (devices, devices) bool, whether i knows of j, and of itself whether
    it has measured; `chosen` (devices,) bool. Rows of devices that do not mix stay as they were.
    """

    title = "AutoRank"
    dynamic = True
    changes = True
    measures = True

    def start(self) -> State:
        return {
            "live": self._nested(torch.full((self.devices,), self.settings.rank_min)),
            "metrics": torch.zeros(self.devices, len(self.settings.metrics)),
            "known": torch.zeros(self.devices, self.devices, dtype=torch.bool),
            "chosen": torch.zeros(self.devices, dtype=torch.bool),
        }

    def extra_bytes(self, state: State) -> Tensor:
        """All that is known, until the sender has chosen: who has it already cannot be told from who has not."""
        entries = state["known"].sum(1) * ~state["chosen"]
        return entries * ENTRY_BYTES * (1 + len(self.settings.metrics))

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        if state["chosen"].all():
            return models, state
        if round_ == 0:
            metrics = complexity(self.settings.metrics, self.facts.counts, seen.samples)
            return models, {**state, "metrics": metrics, "known": torch.eye(self.devices, dtype=torch.bool)}
        told = state["known"] & ~state["chosen"][:, None]  # what was in the messages, as `extra_bytes` counts it
        known = state["known"] | (seen.heard.double() @ told.double() > 0)
        state = {**state, "known": known}
        return self._choose(models, state) if round_ >= self.settings.flood_rounds else (models, state)

    def _choose(self, models: Tensor, state: State) -> tuple[Tensor, State]:
        own = torch.stack([self._own(device, state) for device in range(self.devices)])
        wanted = own.masked_fill(state["chosen"], 0)[:, None].expand(-1, len(self.layout.sites))  # 0: nothing grows
        models, live = grown(self.layout, models, state["live"], wanted, self._beginning)
        return models, {**state, "live": live, "chosen": torch.ones_like(state["chosen"])}

    def _own(self, device: int, state: State) -> Tensor:
        """The rank that a device takes by what it knows; by itself alone where it has not measured."""
        alone = torch.arange(self.devices) == device
        known = state["known"][device] if state["known"][device, device] else alone
        x = state["metrics"][known]
        place = int(known[:device].sum())
        return ranks(topsis(x, critic(x)), self.settings.rank_min, self.most[known])[place]
