"""Ranks change: fewer components by singular value decomposition of the product B A, more by components that add 0.

Factors are not ordered by what they matter, so nothing is cut off: of all matrices of lower rank, the decomposition
gives the one that is nearest to B A (Eckart and Young, 1936). It is split evenly, B = U S^1/2 and A = S^1/2 V', with
the signs such that the entry of largest magnitude of each column of B is positive. A layer of a device whose rank
does not change stays bit for bit.
"""

import torch
from torch import Tensor

from testbed.lora.layout import Layout
from testbed.lora.products import balanced


def shrunk(layout: Layout, values: Tensor, live: Tensor, ranks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Values (devices, size) and live components (devices, components) with the ranks `ranks` (devices, sites), where
    these are lower; the first components of a layer are then the live ones, by descending singular value.

    A component that is left without a singular value begins anew: A as in `start` (size,), B zero.
    """
    now, values, live = layout.ranks(live), masked(layout, values, live), live.clone()
    for number, site in enumerate(layout.sites):
        devices = (ranks[:, number] < now[:, number]).nonzero().flatten()
        kept = torch.arange(site.room) < ranks[devices, number, None]
        a, b = layout.factors(values, site)
        new_a, new_b, energy = decomposed(a[devices], b[devices])
        fresh = (energy == 0)[..., None]
        begin, _ = layout.factors(start, site)
        a[devices] = torch.where(fresh, begin, new_a.to(a)) * kept[..., None]
        b[devices] = torch.where(fresh, 0.0, new_b.to(b)) * kept[..., None]
        live[devices, site.components] = kept
    return values, live


def grown(layout: Layout, values: Tensor, live: Tensor, ranks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Values and live components with the ranks `ranks` (devices, sites), where these are higher: the first free
    components come in, with A as in `start` (size,) and B zero, so that B A stays as it is."""
    now, values, live = layout.ranks(live), values.clone(), live.clone()
    for number, site in enumerate(layout.sites):
        own = live[:, site.components]  # a view
        free = ~own
        new = free & (free.cumsum(1) <= (ranks - now)[:, number, None])
        a, b = layout.factors(values, site)
        begin, _ = layout.factors(start, site)
        a.copy_(torch.where(new[..., None], begin, a))
        b.masked_fill_(new[..., None], 0.0)
        own |= new
    return values, live


def resized(layout: Layout, values: Tensor, live: Tensor, ranks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Both, each where it is due; `ranks` is cut to the layers' room."""
    rooms = torch.tensor([site.room for site in layout.sites])
    ranks = ranks.minimum(rooms)
    return grown(layout, *shrunk(layout, values, live, ranks, start), ranks, start)


def packed(layout: Layout, values: Tensor, live: Tensor) -> Tensor:
    """Values (devices, size) with the live components of each layer before the others, in order, which are zero: so
    gaps are closed, and B A is as it was."""
    values = masked(layout, values, live)
    for site in layout.sites:
        order = (~live[:, site.components]).int().argsort(dim=1, stable=True)[:, :, None]
        for rows in layout.factors(values, site):
            rows.copy_(rows.gather(1, order.expand_as(rows)))
    return values


def spectrum(layout: Layout, values: Tensor, live: Tensor) -> Tensor:
    """(devices, components) float64: the singular values of each layer's B A, descending within the layer."""
    values = masked(layout, values, live)
    return torch.cat([decomposed(*layout.factors(values, site))[2] for site in layout.sites], 1)


def masked(layout: Layout, values: Tensor, live: Tensor) -> Tensor:
    """A copy with zeros where nothing is live."""
    return values.masked_fill(~layout.columns(live, live), 0.0)


def energy_above(layout: Layout, values: Tensor, rank: int) -> Tensor:
    """The share of |B A|_F^2 that is above rank `rank`, (devices, sites) float64; 0 where the product is zero.

    Where devices of small rank mix with others it falls from round to round if a merge counts what they lack as zero:
    the collapse of ranks (raFLoRA, arXiv 2602.13486).
    """
    shares = []
    for site in layout.sites:
        energy = decomposed(*layout.factors(values, site))[2] ** 2
        total = energy.sum(-1)
        shares.append(torch.where(total == 0, 0.0, energy[:, rank:].sum(-1) / total))
    return torch.stack(shares, 1)


def decomposed(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of B A, with A (devices, room, inputs) and B transposed (devices, room, outputs): A and B in balanced form, of
    the same shapes, and the singular values (devices, room), float64 all."""
    a, b = balanced(a.double(), b.double(), a.shape[-2])
    return a, b, (a**2).sum(-1)  # of S^1/2 V'
