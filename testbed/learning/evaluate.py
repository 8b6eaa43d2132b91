"""Top-1 accuracy of every device's model on the global test images.

A prediction is the first of the largest logits, as `argmax` has it; a model whose logits are not numbers
is never right.
"""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from testbed.learning.models import Model
from testbed.learning.pool import each
from testbed.learning.steps import channels_last

CHUNK = 1000
"""Test images per forward pass: their activations stay in the cache."""


class Accuracy(Protocol):
    """Flat models (devices, parameters) to accuracies (devices,), float32."""

    def __call__(self, models: Tensor) -> Tensor: ...


def accuracy(model: Model, x: Tensor, y: Tensor, classes: int) -> Accuracy:
    """The fastest exact way for this model over test images x (samples, channels, height, width), labels y."""
    linear = [isinstance(layer, nn.Linear) for layer in model.module] == [False, True]
    return OneMatrix(model, x, y, classes) if linear else OneByOne(model, x, y)


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
            return sum(self._chunk(weights, x.movedim(-1, 1), y) for x, y in self._chunks)

    def _chunk(self, weights: dict[str, Tensor], x: Tensor, y: Tensor) -> int:
        logits = self._model(weights, x)
        best, guess = logits.max(1)
        return int(((guess == y) & (best == best)).sum())  # NaN is the largest for max, and differs from itself


@dataclass(frozen=True)
class _Class:
    """The test images of one label: the pixels that vary among them, and the constant rest."""

    label: int
    pixels: Tensor
    varying: Tensor
    constant: Tensor


class OneMatrix:
    """Logistic regression: the logits of all devices as one matrix product for each label.

    Pixels that are the same in all images of a label (on MNIST a third: background) are summed into the
    bias beforehand, and the right logit stands in the same column for a whole product.
    """

    def __init__(self, model: Model, x: Tensor, y: Tensor, classes: int) -> None:
        self._spec, self._classes, self._samples = model.spec, classes, len(y)
        flat = x.flatten(1)
        self._labels = [_class(label, flat[y == label]) for label in range(classes) if bool((y == label).any())]

    def __call__(self, models: Tensor) -> Tensor:
        """Weights are laid out (pixels, classes x devices), so that comparing classes runs along devices."""
        weight, bias = (parameter.of(models.detach()) for parameter in self._spec.parameters)
        columns = weight.permute(2, 1, 0).reshape(weight.shape[2], -1)
        right = each(partial(self._right, columns=columns, offset=bias.T.reshape(-1)), self._labels)
        return torch.stack(right).sum(0) / self._samples

    def _right(self, images: _Class, *, columns: Tensor, offset: Tensor) -> Tensor:
        offset = offset + images.constant @ columns
        logits = torch.addmm(offset, images.pixels, columns[images.varying])
        return _first_of_largest(logits.view(len(logits), self._classes, -1), images.label).sum(0)


def _first_of_largest(logits: Tensor, label: int) -> Tensor:
    """Whether `argmax` over classes of logits (samples, classes, devices) is `label`: `amax` runs along the devices."""
    own = logits[:, label]
    hit = own == own  # so that no NaN hits, even of one class
    if label > 0:
        hit &= logits[:, :label].amax(1) < own
    if label + 1 < logits.shape[1]:
        hit &= logits[:, label + 1 :].amax(1) <= own
    return hit


def _class(label: int, images: Tensor) -> _Class:
    varies = (images != images[0]).any(0)
    varying = varies.nonzero().squeeze(1)
    return _Class(label, images[:, varying].contiguous(), varying, images[0].masked_fill(varies, 0.0))
