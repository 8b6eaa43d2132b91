"""FlexLoRA without the collapse of ranks, for devices that do not all hear each other."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Site
from testbed.lora.products import balanced, summed
from testbed.lora.sums import Sums


class Completed(Sums):
    """dW_i = sum_j w_ij (B_j A_j + (I - U_j U_j^T) B_i A_i (I - V_j V_j^T) [r_j < r_i]), cut to the own rank.

    U_j, V_j: the left and right singular vectors of B_j A_j, r_j its rank on that layer. Ours: a message of smaller
    rank is completed by what the receiver has outside the spaces that the message speaks of. So nothing is diluted by
    small ranks, and unlike with weights by rank (`rank_weighted`) devices that nearly agree do not drift apart, as
    spaces enter and no order of directions. With equal ranks it is FlexLoRA.
    """

    title = "FlexLoRA, completed"

    def _sum(self, site: Site, sent: Adapters, weights: Tensor) -> tuple[Tensor, Tensor]:
        a, b = self.layout.factors(sent.values, site)
        has = sent.a[:, site.components]
        ranks, count = has.sum(1), len(weights)
        fills = (weights != 0) & (ranks < ranks[:count, None])
        receivers, senders = fills.nonzero(as_tuple=True)
        sides = [normalize(each.double(), dim=-1, eps=1e-300) for each in balanced(a.double(), b.double(), site.room)]
        rest_a, rest_b = (
            _outside(factor[receivers].double(), side[senders]).to(factor)
            for factor, side in zip((a, b), sides, strict=True)
        )
        shares = weights.new_zeros(count, len(senders))
        shares[receivers, torch.arange(len(senders))] = weights[receivers, senders]
        every = torch.cat([weights[:, :, None] * has, shares[:, :, None] * has[receivers]], 1)
        return summed(torch.cat([a, rest_a]), torch.cat([b, rest_b]), every)


def _outside(rows: Tensor, directions: Tensor) -> Tensor:
    """`rows` (..., room, side) without their share of unit `directions` (..., room, side), orthogonal or zero."""
    return rows - rows @ directions.mT @ directions
