"""Names of what adapters consist of: those that peft gives them in its files."""

from typing import Literal

from testbed.lora.layout import Target

Side = Literal["A", "B"]


def name_of(target: Target, side: Side) -> str:
    """`<module>.lora_A.weight`; of embeddings `<module>.lora_embedding_A`, as peft has parameters there, not layers."""
    return f"{target.name}.lora_embedding_{side}" if target.kind == "embedding" else f"{target.name}.lora_{side}.weight"
