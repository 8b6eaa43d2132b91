"""A base model made ready: frozen, with layers in it that look for their adapters."""

import copy
from collections.abc import Iterable, Sequence
from typing import cast

from torch import nn

from testbed.lora import layers
from testbed.lora.attention import PROJECTIONS, Attention
from testbed.lora.layout import Target


def frozen(module: nn.Module) -> nn.Module:
    """A copy that shares all weights, has no gradients, and does not train: no dropout, and norms as they are.

    torch's encoder layers have a short way that works with the weights of the layers in them; it is closed, as it
    would pass over their adapters.
    """
    weights = {id(weight): nn.Parameter(weight.detach(), requires_grad=False) for weight in module.parameters()}
    shared = copy.deepcopy(module, weights | {id(buffer): buffer for buffer in module.buffers()})
    for layer in shared.modules():
        if isinstance(layer, nn.TransformerEncoderLayer):
            layer.activation_relu_or_gelu = 0
        if isinstance(layer, nn.TransformerEncoder):
            layer.use_nested_tensor = False
    return shared.eval()


def put(module: nn.Module, targets: Iterable[Target], whole: Sequence[str]) -> None:
    """Put layers with adapters in place of the `targets`, and layers that each device has for itself in place of the
    `whole`, wherever they stand."""
    second = set(_second(module))
    new: dict[int, nn.Module] = {}
    attention: dict[str, dict[str, Target]] = {}
    for target in targets:
        parent, _, own = target.name.rpartition(".")
        if own in PROJECTIONS and isinstance(module.get_submodule(parent), nn.MultiheadAttention):
            attention.setdefault(parent, {})[own] = target
            continue
        base = module.get_submodule(target.name)
        new[id(base)] = _adapted(base, target, id(base) in second)
    for name, found in attention.items():
        base = module.get_submodule(name)
        new[id(base)] = Attention(cast(nn.MultiheadAttention, base), found)
    for name in whole:
        base = module.get_submodule(name)
        new[id(base)] = layers.Whole(cast(nn.Linear, base), name)
    for layer in list(module.modules()):
        for own, child in layer._modules.items():
            if child is not None and id(child) in new:
                layer._modules[own] = new[id(child)]


def _adapted(base: nn.Module, target: Target, second: bool) -> nn.Module:
    if isinstance(base, nn.Linear):
        return layers.Linear(base, target, second)
    if isinstance(base, nn.Conv2d):
        return layers.Conv2d(base, target)
    return layers.Embedding(cast(nn.Embedding, base), target)


def _second(module: nn.Module) -> Iterable[int]:
    """The linear layers to which samples come in the second dimension: those in torch's transformers that are not
    `batch_first`."""
    for layer in module.modules():
        transformer = isinstance(layer, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer)
        if transformer and not cast(nn.MultiheadAttention, layer.self_attn).batch_first:
            yield from (id(layer.linear1), id(layer.linear2))
