"""Products B A of adapters without the dense matrix: their sums, their norms, and their best form of a given rank.

Factors are as in `Layout`: A (..., room, inputs) and B transposed (..., room, outputs), a component in a row of each;
missing components are zero. With QR(B) = Qb Rb, QR(A^T) = Qa Ra and the small SVD Rb Ra^T = U S V^T,

    B A = (Qb U) S (Qa V)^T,    balanced: B' = Qb U S^(1/2), A' = S^(1/2) V^T Qa^T,

and the first r components of that are the best product of rank r (Eckart and Young). Inside float64. Adapters with
values that are not finite give NaN, and stop nothing.
"""

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Site

NOTHING = 1e-6
"""Singular values below so much of the largest are rounding of float32, and count as zero."""
VALUES = 4_000_000
"""Numbers in a batch of stacked factors, at most: 32 MB."""


def dense(a: Tensor, b: Tensor) -> Tensor:
    """B A, (..., outputs, inputs)."""
    return b.mT @ a


def squared_norms(a: Tensor, b: Tensor) -> Tensor:
    """||B A||_F^2 (...), float64: the sum of (B^T B) o (A A^T)."""
    a, b = a.double(), b.double()
    return ((b @ b.mT) * (a @ a.mT)).sum((-2, -1))


def balanced(a: Tensor, b: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The balanced form, `count` components from the largest on; zeros where there are no more.

    Each component's largest |entry| in B is positive. So adapters with one product have one form, however their
    factors are rotated, where its singular values differ.
    """
    sound, (a, b), kind = _sound(a, b), (a.double(), b.double()), a.dtype
    (qa, ra), (qb, rb) = (torch.linalg.qr(_zeroed(each, sound).mT) for each in (a, b))
    u, s, vh = torch.linalg.svd(rb @ ra.mT, full_matrices=False)
    s = s[..., :count]
    left, right = (qb @ u[..., : s.shape[-1]]).mT, vh[..., : s.shape[-1], :] @ qa.mT
    a, b = _split(left, s, right)
    return _finished(a, count, sound, kind), _finished(b, count, sound, kind)


def truncated(products: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The same of dense products (..., outputs, inputs): through the eigenvectors of the smaller of M M^T and M^T M,
    which cost a fraction of an SVD and find what is above `NOTHING` of the largest."""
    tall = products.shape[-2] > products.shape[-1]
    sound = products.isfinite().all(-1).all(-1)
    matrix = _zeroed((products.mT if tall else products).double(), sound)
    _, vectors = torch.linalg.eigh(matrix @ matrix.mT)
    left = vectors.flip(-1)[..., :count].mT
    right = left @ matrix
    s = torch.linalg.vector_norm(right, dim=-1)
    right = right / s.clamp(min=torch.finfo(s.dtype).tiny)[..., None]
    a, b = _split(right, s, left) if tall else _split(left, s, right)
    return _finished(a, count, sound, products.dtype), _finished(b, count, sound, products.dtype)


def _split(left: Tensor, s: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """A and B transposed of left singular vectors (..., r, outputs), values (..., r) and right ones."""
    root = torch.where(s > NOTHING * s[..., :1], s, 0.0).sqrt()[..., None]
    largest = left.abs().argmax(-1, keepdim=True)
    sign = torch.where(left.gather(-1, largest) < 0, -1.0, 1.0)
    return root * sign * right, root * sign * left


def _sound(a: Tensor, b: Tensor) -> Tensor:
    return a.isfinite().all(-1).all(-1) & b.isfinite().all(-1).all(-1)


def _zeroed(values: Tensor, sound: Tensor) -> Tensor:
    return values if sound.all() else values.masked_fill(~sound[..., None, None], 0.0)


def _finished(rows: Tensor, count: int, sound: Tensor, kind: torch.dtype) -> Tensor:
    rows = torch.nn.functional.pad(rows, (0, 0, 0, count - rows.shape[-2]))
    return rows.masked_fill(~sound[..., None, None], torch.nan).to(kind)


def stack(a: Tensor, b: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """One adapter for each receiver whose product is sum_jk s_ijk b_jk a_jk, exactly: FLoRA's stacking (Wang et al.,
    arXiv 2409.05976), A' = [s_i1 A_1; ...] and B' = [B_1, ...], weights on A alone.

    a, b: (rows, room, ...). shares: (receivers, rows, room). Returns (receivers, most, ...), where most is the number
    of components of the receiver with the most; the others have zeros at the end. What has no share is not looked at.
    """
    shares = shares.flatten(1)
    taken = shares != 0
    most = max(int(taken.sum(1).max()), 1)
    index = taken.int().argsort(dim=1, descending=True, stable=True)[:, :most]
    share, taken = shares.gather(1, index)[..., None], taken.gather(1, index)[..., None]
    rows_a, rows_b = a.flatten(0, 1)[index].double(), b.flatten(0, 1)[index].double()
    return torch.where(taken, rows_a * share, 0.0), torch.where(taken, rows_b, 0.0)


def summed(a: Tensor, b: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """The balanced form of the sums of `stack`, as many components as `a` and `b` have room for."""
    most = int((shares != 0).sum((1, 2)).max())
    batch = max(1, VALUES // (max(most, 1) * (a.shape[-1] + b.shape[-1])))
    parts = [balanced(*stack(a, b, some), a.shape[-2]) for some in torch.split(shares, batch)]
    return torch.cat([part[0] for part in parts]).to(a), torch.cat([part[1] for part in parts]).to(b)


def put(layout: Layout, site: Site, own: Adapters, a: Tensor, b: Tensor, out: Tensor) -> None:
    """Write into `out` (devices, size) the components `a` and `b`, from the first on, at those that a device has.

    One that is zero in B would have no gradient in either factor if A were zero too: it keeps the device's own row of
    A. The product is what it is all the same.
    """
    live = (own.a & own.b)[:, site.components]
    order = (live.cumsum(1) - 1).clamp(min=0)[:, :, None]
    a, b = (each.gather(1, order.expand(-1, -1, each.shape[-1])) for each in (a, b))
    (own_a, own_b), (out_a, out_b) = layout.factors(own.values, site), layout.factors(out, site)
    something = live & (b != 0).any(-1)
    out_a.copy_(torch.where(something[..., None], a, own_a))
    out_b.copy_(torch.where(live[..., None], b, own_b))
