"""Top-1 accuracy of every device's model on the global test images.

A prediction is the first of the largest logits, as `argmax` has it; a model whose logits are not numbers
is never right.
"""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from testbed.learning.convolved import Convolved, begins_with_convolution, right
from testbed.learning.models import Model
from testbed.learning.steps import channels_last
from testbed.threads import each

CHUNK = 1000
"""Test images per forward pass: their activations stay in the cache."""


class Accuracy(Protocol):
    """Flat models (devices, parameters) to accuracies (devices,), float32."""

    def __call__(self, models: Tensor) -> Tensor: ...


def accuracy(model: Model, x: Tensor, y: Tensor, classes: int) -> Accuracy:
    """The fastest exact way for this model over test images x (samples, channels, height, width), labels y."""
    if [isinstance(layer, nn.Linear) for layer in model.module] == [False, True]:
        return OneMatrix(model, x, y, classes)
    return Convolved(model, x, y) if begins_with_convolution(model) else OneByOne(model, x, y)


class OneByOne:
    """Device after device, the test images in chunks."""

    def __init__(self, model: Model, x: Tensor, y: Tensor) -> None:
        self._model = model
        self._chunks = list(zip(torch.split(channels_last(x), CHUNK), torch.split(y, CHUNK), strict=True))
        self._samples = len(y)

    def __call__(self, models: Tensor) -> Tensor:
        return torch.tensor(each(self._right, models)) / self._samples

    def _right(self, model: Tensor) -> int:
        weights = self._model.spec.views(model)
        with torch.no_grad():
            return sum(right(self._model(weights, x.movedim(-1, 1)), y) for x, y in self._chunks)


@dataclass(frozen=True)
class _Class:
    """The test images of one label, as columns: the inputs that vary among them, and one that is 1 at the end."""

    label: int
    inputs: Tensor
    """(varying inputs + 1, samples)"""
    varying: Tensor
    """Which inputs these are; the last is the bias's."""
    constant: Tensor
    """All inputs (pixels + 1,) that do not vary, and zeros elsewhere."""


class OneMatrix:
    """Logistic regression: the logits of all devices as one matrix product for each label.

    The bias is the weight of an input that is always 1. Pixels that are the same in all images of a label (on
    MNIST a third: background) are summed into it beforehand, and the right logit stands in the same rows for a
    whole product.
    """

    def __init__(self, model: Model, x: Tensor, y: Tensor, classes: int) -> None:
        self._spec, self._classes, self._samples = model.spec, classes, len(y)
        inputs = nn.functional.pad(x.flatten(1), (0, 1), value=1.0)
        self._labels = [_class(label, inputs[y == label]) for label in range(classes) if bool((y == label).any())]
        self._constant = torch.stack([images.constant for images in self._labels])

    def __call__(self, models: Tensor) -> Tensor:
        """Weights are laid out (pixels + 1, classes x devices), so that picking inputs copies whole rows."""
        weight, bias = (parameter.of(models.detach()) for parameter in self._spec.parameters)
        weights = torch.cat([weight, bias.unsqueeze(2)], 2).permute(2, 1, 0).flatten(1)
        offsets = self._constant @ weights
        right = each(partial(self._right, weights=weights), self._labels, offsets)
        return torch.stack(right).sum(0) / self._samples

    def _right(self, images: _Class, offset: Tensor, *, weights: Tensor) -> Tensor:
        own = weights[images.varying]
        own[-1] = offset
        logits = (own.T @ images.inputs).view(self._classes, -1, images.inputs.shape[1])
        return _first_of_largest(logits, images.label).sum(1)


def _first_of_largest(logits: Tensor, label: int) -> Tensor:
    """Whether `argmax` over the classes of logits (classes, devices, samples) is `label`."""
    own = logits[label]
    hit = own == own  # so that no NaN hits, even of one class
    if label > 0:
        hit &= logits[:label].amax(0) < own
    if label + 1 < len(logits):
        hit &= logits[label + 1 :].amax(0) <= own
    return hit


def _class(label: int, inputs: Tensor) -> _Class:
    varies = (inputs != inputs[0]).any(0)
    constant = inputs[0].masked_fill(varies, 0.0)
    varies[-1] = True
    return _Class(label, inputs[:, varies].T.contiguous(), varies.nonzero().squeeze(1), constant)
