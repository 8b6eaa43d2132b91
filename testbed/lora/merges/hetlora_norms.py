"""HetLoRA's weights by norms alone, as its server has them."""

from torch import Tensor

from testbed.lora.adapters import Adapters
from testbed.lora.merges.hetlora import HetLoRA


class HetLoRANorms(HetLoRA):
    """Zero padding with weights a_ij = ||dW_j||_F / sum_k ||dW_k||_F over the closed neighbourhood.

    The paper's own weights, with the devices that are heard in place of all: the mixing weights say who is heard and no
    more. Where all products are zero all count alike. A device that many hear has more say here than with `hetlora`,
    where the mixing weights stay in.
    """

    title = "HetLoRA, norms alone"

    def _by_norm(self, sent: Adapters, weights: Tensor) -> Tensor:
        heard = (weights != 0).to(weights)
        return super()._by_norm(sent, heard / heard.sum(1, keepdim=True))
