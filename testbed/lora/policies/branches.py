"""Two branches of each adapter, one shared: after Luo et al., "Disentangled Federated Learning for Tackling Attributes
Skew via Invariant Aggregation and Diversity Transferring" (DFL), ICML 2022.

From its abstract: what is specific to a device's domain and what is invariant have a branch each; the invariant one
is aggregated, and the two are trained in turn. Our reading, of the first alone: the first lora.shared components of
every layer are trained and sent, the others are trained and stay with the device. What makes a branch invariant
beyond that, losses of its own and training in turn, is left out.
"""

from torch import Tensor

from testbed.errors import UserError
from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.lora.policy import Facts, Plan, Policy
from testbed.scenario.lora import Lora as Settings


class Branches(Policy):
    """As the module says. No state but `live`."""

    title = "Shared and private branches"
    parts = True

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int, facts: Facts) -> None:
        super().__init__(layout, settings, devices, seed, facts)
        if settings.shared > self.most.min():
            raise UserError(
                f"lora.shared = {settings.shared}: branches shares the first components of rank {int(self.most.min())} "
                "at least, so it should be at most that."
            )

    def select(self, plan: Plan, models: Tensor, updates: Tensor, state: State) -> tuple[Tensor, Tensor]:
        return self._shared(plan)

    def most_sent(self) -> tuple[Tensor, Tensor]:
        live = self._nested(self.most)
        return self._shared(self._plan(live, live))

    def _shared(self, plan: Plan) -> tuple[Tensor, Tensor]:
        shared = self._nested(self.most.clamp(max=self.settings.shared))
        return plan.a & shared, plan.b & shared
