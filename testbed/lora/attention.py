"""Attention with adapters for each device on its projections (Vaswani et al. 2017; torch's `nn.MultiheadAttention`).

torch keeps the projections q, k and v in one matrix. Here each has an adapter of its own, if any: so it is in models
that have three layers for them, and so `<module>.q_proj` means the same everywhere (our reading: peft has no such names
for this layer). The base is never in training, so its attention drops nothing out.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from testbed.lora.layout import Target
from testbed.lora.names import name_of
from testbed.lora.product import adapted
from testbed.lora.stack import in_pass, weight

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")


def projections(base: nn.MultiheadAttention) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Weight and bias of each projection, as views."""
    size = base.embed_dim
    packed = base.in_proj_weight
    own = [base.q_proj_weight, base.k_proj_weight, base.v_proj_weight] if packed is None else torch.split(packed, size)
    biases = [None] * 3 if base.in_proj_bias is None else torch.split(base.in_proj_bias, size)
    found = [*zip(own, biases, strict=True), (base.out_proj.weight, base.out_proj.bias)]
    return dict(zip(PROJECTIONS, found, strict=True))


class Attention(nn.Module):
    """In place of a `nn.MultiheadAttention`; takes what that takes, with queries (devices x batch, length, inputs), or
    (length, devices x batch, inputs) where the base is not `batch_first`."""

    in_proj_bias = None
    """Says to torch's encoder layers that they shall call this layer, in place of working with its weights."""

    def __init__(self, base: nn.MultiheadAttention, targets: Mapping[str, Target]) -> None:
        """`targets`: those among its projections."""
        super().__init__()
        self.base, self.batch_first, self.num_heads = base, base.batch_first, base.num_heads
        self._names = {
            projection: (target.name, name_of(target, "A"), name_of(target, "B"))
            for projection, target in targets.items()
        }

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """As torch's. `is_causal` says what `attn_mask` is and changes nothing, as there."""
        if not self.batch_first:
            query, key, value = (x.transpose(0, 1).contiguous() for x in (query, key, value))
        q, k, v = (self._heads(name, x) for name, x in zip(PROJECTIONS, (query, key, value), strict=False))
        mask = _mask(attn_mask, key_padding_mask, q)
        if need_weights:
            scores = q @ k.mT / q.shape[-1] ** 0.5
            shares = (scores if mask is None else scores + mask).softmax(-1)
            outputs = shares @ v
        else:
            shares, outputs = None, functional.scaled_dot_product_attention(q, k, v, mask)
        found = self._project("out_proj", outputs.transpose(1, 2).flatten(2))
        if shares is not None and average_attn_weights:
            shares = shares.mean(1)
        return found if self.batch_first else found.transpose(0, 1), shares

    def _heads(self, name: str, x: Tensor) -> Tensor:
        """(devices x batch, heads, length, inputs of a head)"""
        return self._project(name, x).view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)

    def _project(self, name: str, x: Tensor) -> Tensor:
        own, bias = projections(self.base)[name]
        if name not in self._names:
            return functional.linear(x, own, bias)
        layer, a, b = self._names[name]
        return adapted(layer, x, in_pass(layer, own), bias, weight(a), weight(b))


def _mask(attention: Tensor | None, padding: Tensor | None, q: Tensor) -> Tensor | None:
    """What is added to the scores (devices x batch, heads, length, keys): -inf where a mask of bool is true.

    attention: (length, keys) or (devices x batch x heads, length, keys). padding: (devices x batch, keys).
    """
    masks = []
    if attention is not None:
        masks.append(
            _added(attention, q).view(-1, *([q.shape[1]] if attention.ndim == 3 else []), *attention.shape[-2:])
        )
    if padding is not None:
        masks.append(_added(padding, q)[:, None, None, :])
    return None if not masks else masks[0] if len(masks) == 1 else masks[0] + masks[1]


def _added(mask: Tensor, q: Tensor) -> Tensor:
    return q.new_zeros(mask.shape).masked_fill(mask, -torch.inf) if mask.dtype == torch.bool else mask.to(q.dtype)
