"""What merges by linear sums of products B A have in common."""

from abc import abstractmethod

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Site
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.products import put


class Sums(Merge):
    """dW_i as a sum of products, and of that the best product of the device's own rank, layer by layer."""

    rebases = True
    power_means = False
    whole_adapters = True

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        mixed = own.values.clone()
        for site in self.layout.sites:
            put(self.layout, site, own, *self._sum(site, sent, weights), mixed)
        return mixed, state

    @abstractmethod
    def _sum(self, site: Site, sent: Adapters, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The devices' sums in balanced form, as many components as the layer has room for (`products.summed`)."""
