"""Adapters as what a fleet learns."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from testbed.learning import accelerator as there
from testbed.learning.accelerator import device_of
from testbed.learning.evaluate import Accuracy
from testbed.learning.models import ModelSpec
from testbed.learning.steps import Gradients
from testbed.lora.files import Beginning
from testbed.lora.model import Adapted
from testbed.lora.perturbation import Perturbed
from testbed.lora.training import Stacked, StackedAccuracy

CHUNK = 256
"""Samples whose losses are taken at once."""


@dataclass(frozen=True)
class WithAdapters:
    """As `testbed.learning.learnt.Learnt`."""

    model: Adapted
    seed: int
    perturbation: float = 0.0
    """Of the weights while gradients are taken, see `testbed.lora.perturbation`; 0: none."""
    beginning: Beginning | None = None
    """In place of what the seed gives."""
    accelerator: str | None = None
    """What computes gradients and accuracies; None: the CPU."""
    apart: ClassVar[bool] = True

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec

    def start(self) -> Tensor:
        return self.model.start(self.seed) if self.beginning is None else self.beginning.values

    def gradients(self, x: Tensor, y: Tensor) -> Gradients:
        make = partial(Perturbed, sigma=self.perturbation, seed=self.seed) if self.perturbation else Stacked
        return there.gradients(partial(make, self._moved), x, y, self._device)

    def accuracy(self, x: Tensor, y: Tensor) -> Accuracy:
        return there.accuracy(partial(StackedAccuracy, self._moved), x, y, self._device)

    def losses(self, vector: Tensor, x: Tensor, y: Tensor) -> Tensor:
        own = vector.to(self._device)[None]
        with torch.no_grad():
            logits = [self._moved(own, part.to(self._device)[None])[0].cpu() for part in torch.split(x, CHUNK)]
        return cross_entropy(torch.cat(logits), y, reduction="none")

    @property
    def _device(self) -> torch.device:
        return device_of(self.accelerator)

    @cached_property
    def _moved(self) -> Adapted:
        return self.model.to(self._device)
