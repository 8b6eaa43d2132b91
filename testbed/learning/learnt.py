"""What devices train, as flat vectors: all of a small model, or what else is put in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from testbed.learning import accelerator as there
from testbed.learning import evaluate, steps
from testbed.learning.accelerator import device_of
from testbed.learning.evaluate import Accuracy
from testbed.learning.models import Model, ModelSpec, build
from testbed.learning.steps import Execution, Gradients
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
    accelerator: str | None = None
    """What computes gradients and accuracies; None: the CPU."""
    apart: ClassVar[bool] = False

    @classmethod
    def of(cls, settings: Settings, shape: Sequence[int], classes: int, seed: int) -> "Whole":
        """Of the model that `settings` name, for images of `shape`. Raises UserError as `build` does."""
        model = build(settings.name, tuple(shape), classes, seed, settings.init)
        return cls(model, classes, settings.execution, settings.accelerator)

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec

    def start(self) -> Tensor:
        return self.model.start()

    def gradients(self, x: Tensor, y: Tensor) -> Gradients:
        device = device_of(self.accelerator)
        make = partial(steps.gradients, self.model.to(device), execution=self.execution)
        return there.gradients(make, x, y, device)

    def accuracy(self, x: Tensor, y: Tensor) -> Accuracy:
        device = device_of(self.accelerator)
        make = partial(evaluate.accuracy, self.model.to(device), classes=self.classes)
        return there.accuracy(make, x, y, device)

    def losses(self, vector: Tensor, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            return cross_entropy(self.model(self.spec.views(vector), x), y, reduction="none")
