"""What one sample costs in a frozen model: multiplications, and numbers kept for the way back."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from testbed.lora.attention import PROJECTIONS, projections


def places(module: nn.Module, sample: Tensor) -> tuple[Counter[str], int]:
    """How many times each layer of the base works in a pass of `sample` (1, ...), by name, and the FLOPs of attention
    beside its projections."""
    counts: Counter[str] = Counter()
    hooks = [layer.register_forward_hook(_count(counts, name), with_kwargs=True) for name, layer in _watched(module)]
    with torch.no_grad():
        module(sample)
    for hook in hooks:
        hook.remove()
    return counts, counts.pop("", 0)


def _watched(module: nn.Module) -> list[tuple[str, nn.Module]]:
    kinds = (nn.Linear, nn.Conv2d, nn.Embedding, nn.MultiheadAttention)
    return [(name, layer) for name, layer in module.named_modules() if isinstance(layer, kinds)]


def _count(counts: Counter[str], name: str) -> Callable[..., None]:
    def count(layer: nn.Module, given: tuple[Tensor, ...], named: dict[str, Any], found: Any) -> None:
        if not isinstance(layer, nn.MultiheadAttention):
            weight = layer.weight
            assert isinstance(weight, Tensor)
            counts[name] += found.numel() // weight.shape[1 if isinstance(layer, nn.Embedding) else 0]
            return
        inputs = [*given, *(named[key] for key in ("query", "key", "value") if key in named)][:3]
        query, key, value = (x.shape[0] * x.shape[1] for x in inputs)
        for own, rows in zip(PROJECTIONS, (query, key, value, query), strict=True):
            counts[f"{name}.{own}"] += rows
        counts[""] += 4 * query * key * layer.embed_dim

    return count


def kept(forward: Callable[[], Tensor], weights: set[int]) -> int:
    """Bytes that autograd keeps of a forward pass, but those of `weights`; of views of the same numbers the largest."""
    seen: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        pointer = tensor.untyped_storage().data_ptr()
        seen[pointer] = max(seen.get(pointer, tensor), tensor, key=torch.numel)
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        forward()
    return sum(tensor.numel() * tensor.element_size() for pointer, tensor in seen.items() if pointer not in weights)


def flops(module: nn.Module, counts: Counter[str]) -> int:
    """Of all products and convolutions at the `counts` of `places`: a multiplication and an addition count as two."""
    total, done = 0, set[str]()
    for name, layer in _watched(module):
        if isinstance(layer, nn.MultiheadAttention):
            weights = {f"{name}.{own}": weight for own, (weight, _) in projections(layer).items()}
        elif isinstance(layer, nn.Linear | nn.Conv2d):
            weights = {name: layer.weight}
        else:
            continue
        total += sum(2 * weight.numel() * counts[own] for own, weight in weights.items() if own not in done)
        done |= set(weights)
    return total
