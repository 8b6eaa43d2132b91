"""Accuracy of networks that begin with a convolution, for all devices over the same images.

The first convolutions of a group of devices are carried out as one, which has the channels of them all: a CPU takes
far less time for one with 48 channels than for eight with 6, and so for what follows on each channel by itself
(pooling, ReLU). From the next layer with weights on, device after device.
"""

from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from testbed.learning.models import Model
from testbed.threads import each

IMAGES, GROUP = 100, 8
"""Images and devices worked on at once: what the first convolution gives stays near the cache."""
CHANNELWISE = (nn.ReLU, nn.MaxPool2d)
"""Layers that treat each channel by itself."""
LAST = torch.channels_last
"""So convolutions and pooling on a CPU are fastest."""


def right(logits: Tensor, y: Tensor) -> int:
    """How many of logits (samples, classes) have the first of their largest at label y; NaN is never right."""
    best, guess = logits.max(1)
    return int(((guess == y) & (best == best)).sum())  # NaN is the largest for max, and differs from itself


def begins_with_convolution(model: Model) -> bool:
    """Whether this is a way for the model."""
    first, between, rest = _cut(model.module)
    return isinstance(first, nn.Conv2d) and len(rest) > 0 and all(isinstance(layer, CHANNELWISE) for layer in between)


class Convolved:
    """As `testbed.learning.evaluate.Accuracy`, over images x (samples, channels, height, width) and labels y."""

    def __init__(self, model: Model, x: Tensor, y: Tensor) -> None:
        first, self._between, rest = _cut(model.module)
        self._spec, self._first, self._rest = model.spec, cast(nn.Conv2d, first), Model(rest, model.spec)
        self._images, self._labels = torch.split(x, IMAGES), torch.split(y, IMAGES)
        self._samples = len(y)

    def __call__(self, models: Tensor) -> Tensor:
        groups = [self._spec.views(group) for group in torch.split(models.detach(), GROUP)]
        counts = each(partial(self._chunk, groups), self._images, self._labels)
        return torch.tensor(counts).sum(0) / self._samples

    def _chunk(self, groups: list[dict[str, Tensor]], x: Tensor, y: Tensor) -> list[int]:
        """Right answers of each device. The copy has the strides of channels last for a single channel too."""
        with torch.no_grad():
            x = x.clone(memory_format=LAST)
            return [count for weights in groups for count in self._group(weights, x, y)]

    def _group(self, weights: dict[str, Tensor], x: Tensor, y: Tensor) -> list[int]:
        kernels, bias = weights["0.weight"], weights["0.bias"]
        together = kernels.flatten(0, 1).contiguous(memory_format=LAST)
        stacked = conv2d(x, together, bias.flatten(), self._first.stride, self._first.padding, self._first.dilation)
        outputs = self._between(stacked.contiguous(memory_format=LAST)).unflatten(1, bias.shape)
        own = (outputs[:, device].contiguous(memory_format=LAST) for device in range(len(bias)))
        return [right(self._rest(_of(weights, device), inputs), y) for device, inputs in enumerate(own)]


def _of(weights: dict[str, Tensor], device: int) -> dict[str, Tensor]:
    """The device's weights but those of the first layer."""
    return {name: weight[device] for name, weight in weights.items() if not name.startswith("0.")}


def _cut(module: nn.Sequential) -> tuple[nn.Module, nn.Sequential, nn.Sequential]:
    """The first layer, those without weights that follow it, and the rest; they keep their names."""
    weighted = [place for place, layer in enumerate(module) if list(layer.parameters())]
    second = weighted[1] if len(weighted) > 1 else len(module)
    between, rest = cast(nn.Sequential, module[1:second]), cast(nn.Sequential, module[second:])
    return module[0], between, rest
