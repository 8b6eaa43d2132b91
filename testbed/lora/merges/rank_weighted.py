"""FlexLoRA with weights by rank, against the collapse of ranks: after raFLoRA (arXiv 2602.13486), of which we know the
abstract alone."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Site
from testbed.lora.products import balanced, summed
from testbed.lora.sums import Sums


class RankWeighted(Sums):
    """dW_i = sum_k sum_j a_ijk s_jk u_jk v_jk^T with a_ijk = w_ij [k <= r_j] / sum_l w_il [k <= r_l].

    s, u, v: the singular values and vectors of B_j A_j, r_j its rank on that layer. The k-th strongest direction is
    averaged over those that have room for a k-th; the sum is cut to the own rank as in FlexLoRA, which it is where
    ranks are equal. Our reading of weights by rank; the order by strength makes it the same for all rotations of
    factors.
    """

    title = "FlexLoRA, weighted by rank"

    def _sum(self, site: Site, sent: Adapters, weights: Tensor) -> tuple[Tensor, Tensor]:
        a, b = balanced(*self.layout.factors(sent.values, site), site.room)
        return summed(a, b, self._shares(sent.a[:, site.components], weights))

    def _shares(self, has: Tensor, weights: Tensor) -> Tensor:
        """(devices, rows, room); a message of rank r has the first r directions."""
        shares = weights[:, :, None] * has.sort(dim=1, descending=True).values
        return shares / shares.sum(1, keepdim=True).clamp(min=1e-300)
