"""Norms of components, and of what they add to a layer's weight.

A component adds the matrix b a' of rank 1 to its layer's weight, whose Frobenius norm is |b| |a|.
"""

import torch
from torch import Tensor

from testbed.lora.layout import Layout


def norms(layout: Layout, values: Tensor) -> tuple[Tensor, Tensor]:
    """Euclidean norms (..., components) of the rows of A and of the columns of B in `values` (..., size)."""
    pairs = [layout.factors(values, site) for site in layout.sites]
    return torch.cat([a.norm(dim=-1) for a, _ in pairs], -1), torch.cat([b.norm(dim=-1) for _, b in pairs], -1)


def scaled(layout: Layout, values: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """`values` (devices, size) with the rows of A times `a`, the columns of B times `b`, (devices, components) each;
    what is trained whole as it is."""
    out = values.clone()
    for site in layout.sites:
        rows, columns = layout.factors(out, site)
        rows *= a[..., site.components, None].to(out)
        columns *= b[..., site.components, None].to(out)
    return out


def product_slope(layout: Layout, models: Tensor, groups: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """(devices, size) the gradient of sum |B_g|_F |A_g|_F over groups g of components, by the factors that train.

    groups: (components,) int64, the group that each component is in, or (devices, components); -1: in none.
    a, b: (devices, components) bool, whose rows and columns train. Where a factor of a group is zero the gradient by
    it is taken as 0.
    """
    groups = groups.expand(len(models), -1)
    inside = groups >= 0
    index = groups.clamp(min=0)
    sums = [torch.zeros(index.shape).scatter_add(1, index, each.square() * inside) for each in norms(layout, models)]
    of_a, of_b = (total.sqrt().gather(1, index) * inside for total in sums)
    slope = scaled(layout, models, _ratio(of_b, of_a) * a, _ratio(of_a, of_b) * b)
    slope[:, layout.head] = 0
    return slope


def change(layout: Layout, models: Tensor, updates: Tensor) -> Tensor:
    """(devices, sites) the Frobenius norms of what `updates` did to the products B A of `models`, both (devices, size).

    B0 A0 - B1 A1 = dB A0 + B1 dA = [dB, B1] [A0; dA], and |P Q|_F^2 is the sum of (P'P) o (QQ').
    """
    found = []
    for site in layout.sites:
        a0, b0 = (each.double() for each in layout.factors(models, site))
        da, db = (each.double() for each in layout.factors(updates, site))
        left, right = torch.cat([db, b0 - db], 1), torch.cat([a0, da], 1)
        found.append(((left @ left.mT) * (right @ right.mT)).sum((1, 2)).clamp(min=0).sqrt())
    return torch.stack(found, 1)


def _ratio(one: Tensor, other: Tensor) -> Tensor:
    return torch.where(other > 0, one / other, 0.0)
