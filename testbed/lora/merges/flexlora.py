"""FlexLoRA: Bai et al., "Federated Fine-tuning of Large Language Models under Heterogeneous Tasks and Client
Resources", NeurIPS 2024 (arXiv 2402.11505)."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Site
from testbed.lora.owners import kept
from testbed.lora.products import summed
from testbed.lora.sums import Sums


class FlexLoRA(Sums):
    """dW_i = sum_j w_ij B_j A_j, and of that the best product of the device's own rank, layer by layer.

    As B = U S^(1/2), A = S^(1/2) V^T (the split of S is our reading), through the factors that arrived and never a
    dense matrix. What is above a small rank is lost at every device of that rank, so ranks collapse: see `completed`
    and `rank_weighted`. A device without an adapter in a layer does not count there; as with a lost message, its weight
    stays with the receiver (our reading). Otherwise such devices would pull the layer to zero everywhere.
    """

    title = "FlexLoRA"

    def _sum(self, site: Site, sent: Adapters, weights: Tensor) -> tuple[Tensor, Tensor]:
        has = sent.a[:, site.components]
        return summed(*self.layout.factors(sent.values, site), kept(weights, has.any(1))[:, :, None] * has)
