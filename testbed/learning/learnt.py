"""What devices train, as flat vectors: all of a small model, or what else is put in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from testbed.learning.evaluate import Accuracy, accuracy
from testbed.learning.models import Model, ModelSpec, build
from testbed.learning.steps import Execution, Gradients, gradients
from testbed.scenario.schema import Model as Settings


class Learnt(Protocol):
    """A model whose trained parameters are the vectors (devices, `spec.size`) of a fleet."""

    @property
    def spec(self) -> ModelSpec: ...

    @property
    def apart(self) -> bool:
        """Whether rounds may train some of its parameters alone."""

    def start(self) -> Tensor:
        """(size,) the common initial vector, float32."""

    def gradients(self, x: Tensor, y: Tensor) -> Gradients:
        """On training samples x (samples, ...) and labels y (samples,)."""

    def accuracy(self, x: Tensor, y: Tensor) -> Accuracy:
        """On test samples."""

    def losses(self, vector: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """(samples,) cross entropy of each sample under one vector (size,)."""


@dataclass(frozen=True)
class Whole:
    """All parameters of a model. `execution` is explained at `testbed.learning.steps.gradients`."""

    model: Model
    classes: int
    execution: Execution = "auto"
    apart: ClassVar[bool] = False

    @classmethod
    def of(cls, settings: Settings, shape: Sequence[int], classes: int, seed: int) -> "Whole":
        """Of the model that `settings` name, for images of `shape`. Raises UserError as `build` does."""
        return cls(build(settings.name, tuple(shape), classes, seed), classes, settings.execution)

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec

    def start(self) -> Tensor:
        return self.model.start()

    def gradients(self, x: Tensor, y: Tensor) -> Gradients:
        return gradients(self.model, x, y, self.execution)

    def accuracy(self, x: Tensor, y: Tensor) -> Accuracy:
        return accuracy(self.model, x, y, self.classes)

    def losses(self, vector: Tensor, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            return cross_entropy(self.model(self.spec.views(vector), x), y, reduction="none")
