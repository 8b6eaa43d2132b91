"""Which layers of a model get adapters, by the ends of their names, as peft's `target_modules`."""

from collections.abc import Iterator, Sequence

from torch import nn

from testbed.errors import UserError
from testbed.lora.attention import projections
from testbed.lora.layout import Target

KINDS = (nn.Linear, nn.Conv2d, nn.Embedding, nn.MultiheadAttention)
"""Layers that are nothing else; those that inherit from them may compute what they like."""
SHOWN = 6
"""Names of layers in an error, at most."""


def adaptable(module: nn.Module) -> dict[str, Target]:
    """All layers that an adapter can be put beside, by name, in the model's order; projections of a
    `nn.MultiheadAttention` count as layers."""
    return {target.name: target for name, layer in module.named_modules() for target in _of(name, layer)}


def _of(name: str, layer: nn.Module) -> Iterator[Target]:
    if not name or _objection(layer) is not None:
        return
    if isinstance(layer, nn.MultiheadAttention):
        for own, (weight, _) in projections(layer).items():
            yield Target(f"{name}.{own}", "linear", tuple(weight.shape))
    elif isinstance(layer, nn.Embedding):
        yield Target(name, "embedding", tuple(layer.weight.shape))
    elif isinstance(layer, nn.Linear | nn.Conv2d):
        yield Target(name, "conv" if isinstance(layer, nn.Conv2d) else "linear", tuple(layer.weight.shape))


def _objection(layer: nn.Module) -> str | None:
    """Why no adapter can be put beside a layer, if none can."""
    kind = type(layer)
    if kind not in KINDS:
        return f"is {kind.__name__}; it can be put beside Linear, Conv2d, Embedding and MultiheadAttention of torch"
    if isinstance(layer, nn.Conv2d) and layer.groups != 1:
        return f"has groups = {layer.groups}; a convolution needs groups = 1"
    if isinstance(layer, nn.Embedding) and layer.max_norm is not None:
        return "has max_norm, which changes the base in every pass"
    if isinstance(layer, nn.MultiheadAttention) and (layer.bias_k is not None or layer.add_zero_attn):
        return "has add_bias_kv or add_zero_attn, which is not carried out here"
    return None


def chosen(module: nn.Module, patterns: Sequence[str]) -> list[Target]:
    """The layers whose names end in one of `patterns`, in the model's order; by default see `default`.

    A pattern is a whole name or the last of its words: `fc` is `block.fc`, and not `block.myfc`. The name of a
    `nn.MultiheadAttention` stands for its four projections. Raises UserError for a pattern that fits no layer, or one
    that cannot be adapted.
    """
    found = adaptable(module)
    if not patterns:
        return default(module)
    names: set[str] = set()
    for pattern in patterns:
        fitting = {name for name in found if _ends(name, pattern)}
        for name, layer in module.named_modules():
            if name and name not in found and _ends(name, pattern):
                if (why := _objection(layer)) is not None:
                    raise UserError(f"lora.target {pattern!r}: no adapter can be put beside layer {name}: it {why}.")
                fitting |= {own for own in found if own.startswith(f"{name}.")}
        if not fitting:
            raise UserError(f"lora.target {pattern!r} fits no layer of the model; there are {_some(list(found))}.")
        names |= fitting
    return [target for name, target in found.items() if name in names]


def default(module: nn.Module) -> list[Target]:
    """All linear layers and convolutions but the last linear layer, which is the head; that one, where it is alone."""
    found = [target for target in adaptable(module).values() if target.kind != "embedding"]
    if not found:
        raise UserError("lora: the model has no linear layer and no convolution to put an adapter beside.")
    last = head(module)
    return [target for target in found if target.name != last] or found


def head(module: nn.Module) -> str | None:
    """The last linear layer that is no projection, if there is one."""
    linear = [name for name, layer in module.named_modules() if name and type(layer) is nn.Linear]
    return linear[-1] if linear else None


def _ends(name: str, pattern: str) -> bool:
    return name == pattern or name.endswith(f".{pattern}")


def _some(names: Sequence[str]) -> str:
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *more]) or "none that can be adapted"
