"""Adapters of another rank, and how much of them is above a rank."""

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout
from testbed.lora.products import balanced, put


def resized(layout: Layout, values: Tensor, live: Tensor, ranks: Tensor, fresh: Tensor) -> tuple[Tensor, Tensor]:
    """Adapters with other ranks, and which components they then have.

    values: (devices, size). live: (devices, components) bool. ranks: (devices, sites). fresh: (size,) or (devices,
    size), whose rows of A new components begin with, as `Layout.start`; their B is zero, so that products stay exactly
    as they are. A layer that loses components keeps the best product of its new rank (`testbed.lora.products`), in
    balanced form in its first ones; columns cut off as they stand would not do, as factors are not in order. A layer
    that keeps its rank keeps its values.
    """
    before, fresh = layout.ranks(live), fresh.expand_as(values)
    cut, grown = before > ranks, before < ranks
    after = live.clone()
    for number, site in enumerate(layout.sites):
        nested = torch.arange(site.room) < ranks[:, number, None]
        has = live[:, site.components]
        free = (~has).cumsum(1) <= (ranks - before)[:, number, None]
        more = has | (free & grown[:, number, None])
        after[:, site.components] = torch.where(cut[:, number, None], nested, more)
    start = torch.where(layout.columns(live, live), values, _with_a(layout, fresh))
    start = start.masked_fill(~layout.columns(after, after), 0.0)
    return _cut(layout, values, Adapters(start, after, after), cut), after


def _with_a(layout: Layout, fresh: Tensor) -> Tensor:
    """`fresh` with B zero."""
    none = torch.zeros(len(fresh), layout.components, dtype=torch.bool)
    return fresh.masked_fill(~layout.columns(~none, none), 0.0)


def _cut(layout: Layout, values: Tensor, start: Adapters, cut: Tensor) -> Tensor:
    """`start` with the best products of `values` where `cut` (devices, sites) says."""
    out = start.values.clone()
    for number, site in enumerate(layout.sites):
        devices = cut[:, number].nonzero()[:, 0]
        if len(devices):
            a, b = layout.factors(values[devices], site)
            some = Adapters(start.values[devices], start.a[devices], start.b[devices])
            new = out[devices]
            put(layout, site, some, *balanced(a, b, site.room), new)
            out[devices] = new
    return out


def energy_above(layout: Layout, values: Tensor, rank: int) -> Tensor:
    """The share of ||B A||_F^2 that is above rank `rank`, (devices, sites) float64; 0 where the product is zero.

    Where devices of small rank mix with others it falls from round to round if a merge counts what they lack as zero:
    the collapse of ranks (raFLoRA, arXiv 2602.13486).
    """
    shares = []
    for site in layout.sites:
        a, b = layout.factors(values, site)
        a, _ = balanced(a.double(), b.double(), site.room)
        # A balanced row of A has the norm s^(1/2), and the energy of its component is s^2.
        energy = (a**2).sum(-1) ** 2
        total = energy.sum(-1)
        shares.append(torch.where(total == 0, 0.0, energy[:, rank:].sum(-1) / total))
    return torch.stack(shares, 1)
