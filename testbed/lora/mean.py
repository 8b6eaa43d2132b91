"""One adapter of many: the mean of their products."""

from collections.abc import Sequence

import torch
from torch import Tensor

from testbed.lora.layout import Layout
from testbed.lora.products import balanced


def mean_product(layout: Layout, values: Tensor) -> tuple[Layout, Tensor, Sequence[int]]:
    """The adapter whose product is mean_d B_d A_d in every layer, exactly, with the mean of what is trained whole.

    values (devices, size): zero where a device has no component. Returns a layout with room for it, its values (size,),
    and its ranks, which grow with the devices up to the smaller side of a layer; 1 for a product of zero.
    """
    factors = []
    for site in layout.sites:
        a, b = (rows.double().flatten(0, 1) for rows in layout.factors(values, site))
        count = min(len(a), site.target.inputs, site.target.outputs)
        a, b = balanced(a / len(values), b, count)
        rank = max(1, int((b != 0).any(1).sum()))
        factors.append((a[:rank], b[:rank]))
    ranks = [len(a) for a, _ in factors]
    shapes = [(parameter.name, parameter.shape) for parameter in layout.whole]
    own = Layout([site.target for site in layout.sites], ranks, shapes)
    mean = torch.zeros(own.size)
    for site, (a, b) in zip(own.sites, factors, strict=True):
        for place, rows in zip(own.factors(mean, site), (a, b), strict=True):
            place.copy_(rows)
    mean[own.head] = values[:, layout.head].double().mean(0).float()
    return own, mean, ranks
