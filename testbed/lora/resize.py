"""Ranks change: fewer components by singular value decomposition of the product B A, more by components that add 0.

Factors are not ordered by what they matter, so nothing is cut off: of all matrices of lower rank, the decomposition
gives the one that is nearest to B A (Eckart and Young, 1936). It is split evenly, B = U S^1/2 and A = S^1/2 V', with
the signs such that the entry of largest magnitude of each column of B is positive. A layer of a device whose rank
does not change stays bit for bit.
"""

import torch
from torch import Tensor

from testbed.lora.layout import Layout

EPSILON = 2.0**-23
"""Singular values of so much of the layer's largest, or less, count as 0: float32 has no more."""


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
        fresh = (energy <= EPSILON * energy[:, :1])[..., None]
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


def spectrum(layout: Layout, values: Tensor, live: Tensor) -> Tensor:
    """(devices, components) float64: the singular values of each layer's B A, descending within the layer."""
    values = masked(layout, values, live)
    return torch.cat([decomposed(*layout.factors(values, site))[2] for site in layout.sites], 1)


def masked(layout: Layout, values: Tensor, live: Tensor) -> Tensor:
    """A copy with zeros where nothing is live."""
    return values.masked_fill(~layout.columns(live, live), 0.0)


def decomposed(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of B A, with A (devices, room, inputs) and B transposed (devices, room, outputs): A and B in the even split, of
    the same shapes, and the singular values (devices, room), float64 all.

    B A is never formed: with B = P R and A' = Q T it is P (R T') Q', and R T' is room x room.
    """
    (p, r), (q, t) = (torch.linalg.qr(each.double().mT) for each in (b, a))
    u, s, vt = torch.linalg.svd(r @ t.mT)
    root = s.sqrt()[..., None]
    new_b, new_a = root * (p @ u).mT, root * (vt @ q.mT)
    largest = new_b.gather(2, new_b.abs().argmax(2, keepdim=True))
    sign = torch.where(largest < 0, -1.0, 1.0)
    return sign * new_a, sign * new_b, s
