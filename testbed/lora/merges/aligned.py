"""Factor means after alignment: what neighbours rotated apart is turned back before values are compared."""

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Site
from testbed.lora.merge import Mean, Merge, Part, State
from testbed.lora.owners import owner_means, padded
from testbed.lora.products import balanced, put

TIE = 1e-6
"""How much, of the largest that it could be, speaks for turning a component to that of the same number."""


class Aligned(Merge):
    """B_i = mean_j B_j Q_ij, A_i = mean_j Q_ij^T A_j, all adapters in balanced form, and for each pair the orthogonal

        Q_ij = argmin ||B_j Q - B_i||_F^2 + ||Q^T A_j - A_i||_F^2 = U V^T,    U S V^T = B_j^T B_i + A_j A_i^T

    (Procrustes; Schoenemann, 1966). B A = (B G)(G^-1 A) for every invertible G: balancing leaves of that a rotation,
    and Q takes it away, so that the result depends on products alone where a product's singular values differ. The
    balanced form by itself would do that, but its order and signs jump where singular values cross, and would then mix
    what does not belong together; Q moves smoothly with the factors.

    Our reading of unequal ranks: with r_j > r_i the columns of Q are orthonormal and pick of the message what is
    nearest to the own components; with r_j < r_i its rows are, and in the rest of the receiver's space, of which the
    message says nothing, its own values stand in: B_j Q + B_i (I - Q^T Q), likewise A. Nothing is diluted by small
    ranks, and no border between the k-th component and the next is drawn, across which mixing would throw devices that
    nearly agree apart: that grew tenfold a round in a test with means over the owners of the k-th component. As in
    FedIT there are cross terms: this is not the mean of products.
    """

    title = "aligned factors"
    whole_adapters = True

    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        mixed, count = own.values.clone(), len(weights)
        others = weights.clone()
        others.diagonal().zero_()
        receivers, senders = others.nonzero(as_tuple=True)
        rows = torch.cat([torch.arange(count), senders])
        towards = torch.cat([torch.arange(count), receivers])
        # A row for each device's own, then one for each message as its receiver turned it.
        spread = weights.new_zeros(count, len(rows))
        spread[towards, torch.arange(len(rows))] = weights[towards, rows]
        for site in self.layout.sites:
            put(self.layout, site, own, *self._site(site, sent, rows, towards, spread, mean), mixed)
        return mixed, state

    def _site(
        self, site: Site, sent: Adapters, rows: Tensor, towards: Tensor, spread: Tensor, mean: Mean
    ) -> tuple[Tensor, Tensor]:
        """A and B transposed of the devices, (devices, room, ...)."""
        given = self.layout.factors(sent.values, site)
        a, b = balanced(given[0].double(), given[1].double(), site.room)
        has = sent.a[:, site.components].sort(dim=1, descending=True).values
        turn = _turn((a[rows], b[rows]), (a[towards], b[towards]), has[rows], has[towards])
        turn[: len(spread)] = torch.diag_embed(has[: len(spread)].to(a))
        factors: tuple[tuple[Part, Tensor], ...] = (("A", a), ("B", b))
        found = []
        for part, factor in factors:
            own = factor[towards]
            turned = (own + turn.mT @ (factor[rows] - turn @ own)).float()
            # All rows of a receiver have what it has: `padded` only keeps zeros beyond that away from power means.
            of = torch.arange(site.room).repeat_interleave(turned.shape[-1])
            means = owner_means(turned.flatten(1), has[towards], of, spread, mean, part, padded)
            found.append(means.view(-1, *turned.shape[1:]))
        return found[0], found[1]


def _turn(theirs: tuple[Tensor, Tensor], own: tuple[Tensor, Tensor], have: Tensor, has: Tensor) -> Tensor:
    """Q (pairs, room, room) of factors (pairs, room, ...) with the first components, as many as `have` and `has`
    (pairs, room) say; zeros elsewhere."""
    (a, b), (own_a, own_b) = theirs, own
    most = ((_energy(a) + _energy(b)) * (_energy(own_a) + _energy(own_b))).sqrt().clamp(min=1e-300)
    both = have[:, :, None] & has[:, None, :]
    cross = (b @ own_b.mT + a @ own_a.mT) / most[:, None, None] + TIE * torch.eye(a.shape[1])
    # Values that are not finite are on their way to the result in the factors, and would stop the SVD.
    u, _, vh = torch.linalg.svd((cross * both).nan_to_num(0.0))
    return torch.matmul(u, vh) * both


def _energy(factor: Tensor) -> Tensor:
    return (factor**2).sum((1, 2))
