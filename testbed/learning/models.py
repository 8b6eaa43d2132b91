"""What a device trains: small networks, their parameters laid out as one flat vector.

The flat vector is ordered so that each part of the model is one slice of it: first the
representation (convolutions, embeddings), then the decision (fully connected layers); HyperPrism, section 4.2, gives
each part a power of its own.
"""

import copy
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from testbed.errors import UserError
from testbed.scenario.schema import PRETRAINED
from testbed.seeds import Purpose, integer

Part = Literal["representation", "decision", "A", "B", "head"]
"""Of a model; the last three of one with adapters (`testbed.lora`)."""
PARTS: tuple[Part, ...] = ("representation", "decision")
"""Of a model that is trained whole."""
HIDDEN = 128
Init = Literal["he"]


@dataclass(frozen=True)
class Parameter:
    """A named parameter and its place `start:stop` in the flat vector."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int
    part: Part

    def of(self, models: Tensor) -> Tensor:
        """The view of this parameter, (..., *shape), in flat models (..., parameters)."""
        return models[..., self.start : self.stop].view(*models.shape[:-1], *self.shape)


@dataclass(frozen=True)
class ModelSpec:
    """A model's structure without its weights; every part that it may have is there, if only as an empty slice."""

    name: str
    parameters: tuple[Parameter, ...]
    parts: Mapping[str, slice]
    size: int
    flops: int
    """FLOPs of one sample's forward pass: a multiplication and an addition count as two."""

    def views(self, models: Tensor) -> dict[str, Tensor]:
        """Every parameter by name as a view of flat models (..., size)."""
        return {parameter.name: parameter.of(models) for parameter in self.parameters}


@dataclass(frozen=True)
class Model:
    """A network and its layout. The weights inside `module` are the common start of all devices."""

    module: nn.Sequential
    spec: ModelSpec
    _copies: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    def __call__(self, weights: dict[str, Tensor], x: Tensor) -> Tensor:
        """Logits of images x under these weights. Threads may call it side by side: each has a copy of the module,
        into which torch puts the weights for the time of the call."""
        if not hasattr(self._copies, "module"):
            self._copies.module = copy.deepcopy(self.module)
        logits: Tensor = functional_call(self._copies.module, weights, (x,))
        return logits

    def to(self, device: torch.device) -> "Model":
        """The same on a device, this one where it is there already."""
        if next(self.module.parameters()).device == device:
            return self
        return Model(copy.deepcopy(self.module).to(device), self.spec)

    def start(self) -> Tensor:
        """The initial weights as one flat vector (size,), float32."""
        weights = dict(self.module.named_parameters())
        return torch.cat([weights[parameter.name].detach().reshape(-1) for parameter in self.spec.parameters])


def build(name: str, shape: tuple[int, ...], classes: int, seed: int, init: Init | None = None) -> Model:
    """The model `name` for images of `shape` (channels, height, width), initialised as PyTorch does by default.

    `logistic`: one linear layer. `mlp`: one hidden layer of 128 ReLU units. `cnn`: LeNet-5's layer sizes with
    ReLU and max pooling (LeCun et al. 1998): 62,006 parameters for 3x32x32, 61,706 for 1x28x28.
    `init` "he": weights N(0, 2 / inputs), biases 0 (He et al., ICCV 2015, eq. 10), which keep the size of signals
    through layers of ReLU units; PyTorch's shrink it at each layer.
    Torch's global generator is left as it was. Raises UserError if no such model fits the images.
    """
    makers = {"logistic": _logistic, "mlp": _mlp, "cnn": _cnn}
    if name in PRETRAINED:
        raise UserError(
            f'model.name = "{name}" is pretrained, and trained by the adapters of [lora] alone: whole models of '
            "millions of parameters, one for each device, are more than memory and the air have room for"
        )
    if name not in makers:
        raise UserError(f"model.name = {name!r} is not a model; there are {', '.join(makers)}")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(integer(seed, Purpose.MODEL))
        module = makers[name](shape, classes)
        if init == "he":
            _he(module)
    return Model(module, _spec(name, module, shape))


def _logistic(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(_pixels(shape), classes))


def _mlp(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(_pixels(shape), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes))


def _cnn(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    """ReLU after pooling: values and gradients are the same to the last bit, and it has a quarter of the work."""
    channels, height, width = shape
    if height != width or height not in (28, 32):
        raise UserError(f"model.name = 'cnn' takes images of 28x28 or 32x32, not {height}x{width}")
    return nn.Sequential(
        *(nn.Conv2d(channels, 6, 5, padding=(32 - height) // 2), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes)),
    )


def _he(module: nn.Sequential) -> None:
    for layer in module:
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def _pixels(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


def _spec(name: str, module: nn.Sequential, shape: tuple[int, ...]) -> ModelSpec:
    found = [
        (f"{prefix}.{own}", tuple(weight.shape), _part(layer))
        for prefix, layer in module.named_children()
        for own, weight in layer.named_parameters()
    ]
    parameters: list[Parameter] = []
    place = 0
    for key, size, part in sorted(found, key=lambda entry: PARTS.index(entry[2])):
        stop = place + torch.Size(size).numel()
        parameters.append(Parameter(key, size, place, stop, part))
        place = stop
    border = sum(p.stop - p.start for p in parameters if p.part == "representation")
    parts = {"representation": slice(0, border), "decision": slice(border, place)}
    return ModelSpec(name, tuple(parameters), parts, place, _flops(module, shape))


def _part(layer: nn.Module) -> Part:
    return "decision" if isinstance(layer, nn.Linear) else "representation"


def _flops(module: nn.Sequential, shape: tuple[int, ...]) -> int:
    """What torch.utils.flop_counter counts in one sample (products, convolutions); importing that takes seconds."""
    total, x = 0, torch.zeros(1, *shape)
    with torch.no_grad():
        for layer in module:
            x = layer(x)
            if isinstance(layer, nn.Linear | nn.Conv2d):
                total += 2 * layer.weight[0].numel() * x.numel()
    return total
