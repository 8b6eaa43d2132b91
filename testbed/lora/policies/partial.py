"""FedPepTAO: Che et al., "Federated Learning of Large Language Models with Parameter-Efficient Prompt Tuning and
Adaptive Optimization", EMNLP 2023.

From the abstract: prompts of a part of the layers alone are tuned and exchanged, with an adaptive optimiser on devices
and server; how layers are chosen there could not be read. Our reading, for adapters: a device trains all layers, and
sends lora.layers of them, those whose B A its training changed most in this round, by the Frobenius norm of the
change. Where lora.budget_bytes is set, a layer that does not fit any more is passed over for the next.
What is not sent stays with the device. The optimiser is not a policy's affair.
"""

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.budget import component_bytes, filled
from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.lora.norms import change
from testbed.lora.policy import Facts, Plan, Policy
from testbed.scenario.lora import Lora as Settings


class Partial(Policy):
    """As the module says. No state but `live`."""

    title = "FedPepTAO, partial"
    parts = True
    dynamic = True
    chooses = True

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int, facts: Facts) -> None:
        super().__init__(layout, settings, devices, seed, facts)
        if settings.layers > len(layout.sites):
            raise UserError(
                f"lora.layers = {settings.layers}: {self.title} sends so many layers, and {len(layout.sites)} of the "
                f"model have adapters; take at most {len(layout.sites)}."
            )
        self._check_place()

    def select(self, plan: Plan, models: Tensor, updates: Tensor, state: State) -> tuple[Tensor, Tensor]:
        scores = change(self.layout, models, updates)
        within = self._within_budget(scores, self._bytes(plan))
        best = filled(scores.masked_fill(~within, -1.0), torch.ones_like(scores), self._number()) & within
        rooms = torch.tensor([site.room for site in self.layout.sites])
        sent = best.repeat_interleave(rooms, dim=1)
        return plan.a & sent, plan.b & sent

    def _check_place(self) -> None:
        """Raises UserError where a device could send no layer."""
        live, budget = self._nested(self.most), self.settings.budget_bytes
        need = int(self._bytes(self._plan(live, live)).amin(1).max())
        if budget is not None and budget < need:
            raise UserError(
                f"lora.budget_bytes = {budget}: {self.title} would send nothing, be it on some devices alone, as the "
                f"smallest layer takes {need} bytes there at its rank; take at least {need}, or lower ranks."
            )

    def _number(self) -> Tensor:
        return torch.full((self.devices,), float(self.settings.layers))

    def _bytes(self, plan: Plan) -> Tensor:
        """(devices, sites) of whole layers."""
        sizes = component_bytes(self.layout, plan.a, plan.b, self.settings.dtype)
        return torch.stack([sizes[:, site.components].sum(1) for site in self.layout.sites], 1)

    def _within_budget(self, scores: Tensor, sizes: Tensor) -> Tensor:
        if self.settings.budget_bytes is None:
            return torch.ones_like(scores, dtype=torch.bool)
        return filled(scores, sizes, torch.full((self.devices,), self.settings.budget_bytes))
