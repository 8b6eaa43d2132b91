"""FLoRA: Wang et al., "FLoRA: Federated Fine-Tuning Large Language Models with Heterogeneous Low-Rank Adaptations",
NeurIPS 2024 (arXiv 2409.05976)."""

from testbed.lora.merges.flexlora import FlexLoRA


class FLoRA(FlexLoRA):
    """B = [B_1, ...], A = [w_i1 A_1; ...] stacked (`testbed.lora.products.stack`): exactly sum_j w_ij B_j A_j.

    FLoRA adds that to the base model and starts adapters anew. Without a server bases would part, as every device
    hears others, and stacks would grow with each hop; so the stack is pressed to the device's own rank, and the base
    stays (our reading). The result is that of FlexLoRA.
    """

    title = "FLoRA"
