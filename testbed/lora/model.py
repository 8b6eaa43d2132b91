"""A model with adapters: a base that is there once and stays as it is, and what every device trains beside it."""

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from testbed.errors import UserError
from testbed.learning.models import ModelSpec, Parameter, Part
from testbed.lora.attention import Attention, projections
from testbed.lora.layers import Adapter
from testbed.lora.layout import Layout, Target
from testbed.lora.measure import flops, kept, places
from testbed.lora.names import Side, name_of
from testbed.lora.replace import frozen, put
from testbed.lora.stack import NOTHING, stacked
from testbed.lora.targets import chosen, head


@dataclass(frozen=True)
class Adapted:
    """A frozen module and the layout of what is trained. Threads may call it side by side."""

    module: nn.Module
    layout: Layout
    spec: ModelSpec
    """Its parameters are views of the flat vectors: B is (room, outputs) there, the transpose of peft's."""
    head: Tensor
    """(numbers,) the parameters that are trained whole, as the base has them."""
    kept_bytes: int = 0
    """What autograd keeps of a forward pass of one sample."""

    def __call__(self, values: Tensor, x: Tensor) -> Tensor:
        """Logits (devices, batch, classes) of samples x (devices, batch, ...) under `values` (devices, size)."""
        return self.logits(self.spec.views(values), x)

    def logits(self, weights: Mapping[str, Tensor], x: Tensor, bases: Mapping[str, Tensor] = NOTHING) -> Tensor:
        """The same under weights (devices, ...) by name, with `bases` in place of the weights of adapted layers."""
        devices, batch = x.shape[:2]
        with stacked(weights, devices, devices * batch, bases):
            found = self.module(x.flatten(0, 1))
        logits = found if isinstance(found, Tensor) else found.logits
        return logits.view(devices, batch, *logits.shape[1:])

    def to(self, device: torch.device) -> "Adapted":
        """The same with the base on a device, this one where it is there already."""
        if next(self.module.parameters()).device == device:
            return self
        return replace(self, module=copy.deepcopy(self.module).to(device))

    @property
    def full_size(self) -> int:
        """Numbers of the model without adapters, were it trained whole."""
        return sum(weight.numel() for weight in self.module.parameters()) + self.head.numel()

    def bases(self) -> dict[str, Tensor]:
        """The weights of the layers with adapters, by the layers' names, in order of the layout's sites."""
        return {site.target.name: _base(self.module, site.target) for site in self.layout.sites}

    def fingerprint(self) -> str:
        """SHA-256 of all weights of the base."""
        found = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            found.update(tensor.contiguous().numpy().tobytes())
        return found.hexdigest()

    def start(self, seed: int) -> Tensor:
        """(size,) before training: see `Layout.start`."""
        return self.layout.start(seed, self.head)


def _base(module: nn.Module, target: Target) -> Tensor:
    """The weight in the base that the adapter of `target` stands beside."""
    parent, _, own = target.name.rpartition(".")
    around = module.get_submodule(parent)
    if isinstance(around, Attention):
        return projections(around.base)[own][0]
    layer = module.get_submodule(target.name)
    assert isinstance(layer, Adapter)
    return layer.weight


def adapt(
    module: nn.Module,
    sample: Tensor,
    room: int | Sequence[int],
    targets: Sequence[str] = (),
    whole: Sequence[str] | None = None,
    *,
    name: str = "adapted",
    cap: bool = False,
) -> Adapted:
    """`module` with adapters of ranks up to `room` (one number, or one for each target) beside `targets` (`chosen`).

    sample: (...) one sample as the model takes it, without the dimension of the batch. whole: names of linear layers
    that each device trains whole; None is the last one, unless it is a target. With `cap`, layers too small for a rank
    have the largest that fits. The module given is left as it is; what is made of it shares its weights.
    Raises UserError for targets (`chosen`) and ranks that do not fit, and for a model that mixes its samples.
    """
    base = frozen(module)
    own = chosen(base, targets)
    heads = _heads(base, own, whole)
    trained = {
        f"{layer}.{key}": weight for layer in heads for key, weight in base.get_submodule(layer).named_parameters()
    }
    layout = _layout(own, room, cap, {key: tuple(weight.shape) for key, weight in trained.items()})
    spec = _spec(name, layout, _flops(base, layout, sample))
    values = torch.cat([torch.zeros(0), *(weight.detach().reshape(-1) for weight in trained.values())])
    put(base, own, heads)
    return _tried(Adapted(base, layout, spec, values), sample)


def _layout(
    targets: Sequence[Target], room: int | Sequence[int], cap: bool, whole: Mapping[str, tuple[int, ...]]
) -> Layout:
    rooms = [room] * len(targets) if isinstance(room, int) else list(room)
    if len(rooms) != len(targets):
        names = ", ".join(target.name for target in targets)
        raise UserError(f"lora.rank: {len(rooms)} ranks for {len(targets)} layers with adapters: {names}.")
    if cap:
        rooms = [min(rank, target.inputs, target.outputs) for target, rank in zip(targets, rooms, strict=True)]
    try:
        return Layout(targets, rooms, list(whole.items()))
    except ValueError as error:
        raise UserError(f"lora.rank: {error}.") from error


def _flops(base: nn.Module, layout: Layout, sample: Tensor) -> int:
    """Of one sample's forward pass through the base and through adapters of the largest ranks. A look-up costs none."""
    counts, total = places(base, sample.unsqueeze(0))
    for site in layout.sites:
        target = site.target
        if not counts[target.name]:
            raise UserError(f"lora.target: layer {target.name} has no part in what the model computes.")
        sides = target.outputs + (0 if target.kind == "embedding" else target.inputs)
        total += 2 * site.room * sides * counts[target.name]
    return total + flops(base, counts)


def _heads(base: nn.Module, targets: Sequence[Target], whole: Sequence[str] | None) -> list[str]:
    """Names of the layers that are trained whole."""
    names = [target.name for target in targets]
    if whole is None:
        last = head(base)
        return [] if last is None or last in names else [last]
    linear = [name for name, layer in base.named_modules() if type(layer) is nn.Linear]
    for layer in whole:
        if layer not in linear:
            raise UserError(f"layer {layer!r} cannot be trained whole: it is no Linear; there are {', '.join(linear)}.")
        if layer in names:
            raise UserError(f"layer {layer!r} is to be trained whole and has an adapter: choose one.")
    return list(whole)


def _spec(name: str, layout: Layout, count: int) -> ModelSpec:
    """As peft names and orders them, but all A first, then all B, then what is trained whole."""
    parameters = [_parameter(layout, number, side) for side in ("A", "B") for number in range(len(layout.sites))]
    return ModelSpec(name, (*parameters, *layout.whole), layout.parts, layout.size, count)


def _parameter(layout: Layout, number: int, side: Side) -> Parameter:
    site = layout.sites[number]
    columns, target = (site.a if side == "A" else site.b), site.target
    inner = target.shape[1:] if target.kind == "conv" and side == "A" else (columns.stop - columns.start) // site.room
    shape = (site.room, *(inner if isinstance(inner, tuple) else (inner,)))
    part: Part = side
    return Parameter(name_of(target, side), shape, columns.start, columns.stop, part)


def _tried(model: Adapted, sample: Tensor) -> Adapted:
    """The same with what a sample takes measured. Raises UserError if two devices' samples come to other logits
    together than each by itself."""
    values = torch.stack([model.start(seed) for seed in (0, 1)])
    values[:, model.layout.parts["B"]] = values[:, model.layout.parts["A"]].std() + 0.1
    x = sample.expand(2, 1, *sample.shape)
    with torch.no_grad():
        both, alone = model(values, x), torch.cat([model(values[:1], x[:1]), model(values[1:], x[1:])])
    if both.ndim != 3 or not torch.allclose(both, alone, rtol=1e-3, atol=1e-3 * float(alone.abs().max())):
        raise UserError(
            f"{model.spec.name}: a model with adapters has to keep its samples apart, in the first dimension "
            f"throughout, and to give (samples, classes); one sample of two devices each gives {tuple(both.shape)}."
        )
    weights = {name: view[:1].detach().requires_grad_() for name, view in model.spec.views(values).items()}
    own = {
        tensor.untyped_storage().data_ptr() for tensor in (values, *model.module.parameters(), *model.module.buffers())
    }
    return replace(model, kept_bytes=kept(partial(model.logits, weights, x[:1]), own))
