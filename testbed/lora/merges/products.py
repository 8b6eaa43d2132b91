"""Means of the products themselves, dense: means of what is added to the weights, also where they are not linear."""

from typing import ClassVar

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Site
from testbed.lora.merge import Mean, Merge, State
from testbed.lora.owners import kept
from testbed.lora.products import dense, put, truncated


class Products(Merge):
    """dW_i = mean_j B_j A_j, value by value, and of that the best product of the device's own rank.

    It depends on no rotation of factors. With a linear mean it is FlexLoRA; other means of products have full rank, and
    what is cut off is more. For small networks: of one layer at a time it holds the dense products of all messages,
    4 bytes x messages x inputs x outputs, and some of that in float64. A device without an adapter in a layer does not
    count there, as in FlexLoRA.
    """

    title = "means of products"
    rebases = True
    whole_adapters = True
    feedback: ClassVar[bool] = False
    """Whether what is cut off is kept, and added to the next round's mean."""

    def start(self, devices: int) -> State:
        if not self.feedback:
            return {}
        return {f"error_{number}": torch.zeros(devices, *_shape(site)) for number, site in enumerate(self.layout.sites)}

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        mixed, errors = own.values.clone(), dict(state)
        alone = (weights.diagonal() == 1)[:, None, None]
        for number, site in enumerate(self.layout.sites):
            products = dense(*self.layout.factors(sent.values, site))
            owners = sent.a[:, site.components].any(1)
            wanted = mean(products.flatten(1), kept(weights, owners), "product").view(-1, *_shape(site))
            key = f"error_{number}"
            if self.feedback:
                wanted = wanted + state[key]
            put(self.layout, site, own, *truncated(wanted, site.room), mixed)
            if self.feedback:
                left = (wanted - dense(*self.layout.factors(mixed, site))) * owners[: len(own.a), None, None]
                errors[key] = torch.where(alone, state[key], left)
        return mixed, errors


def _shape(site: Site) -> tuple[int, int]:
    return site.target.outputs, site.target.inputs
