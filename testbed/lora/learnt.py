"""Adapters as what a fleet learns."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

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
    apart: ClassVar[bool] = True

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec

    def start(self) -> Tensor:
        return self.model.start(self.seed) if self.beginning is None else self.beginning.values

    def gradients(self, x: Tensor, y: Tensor) -> Gradients:
        if self.perturbation:
            return Perturbed(self.model, x, y, self.perturbation, self.seed)
        return Stacked(self.model, x, y)

    def accuracy(self, x: Tensor, y: Tensor) -> Accuracy:
        return StackedAccuracy(self.model, x, y)

    def losses(self, vector: Tensor, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            logits = [self.model(vector[None], part[None])[0] for part in torch.split(x, CHUNK)]
        return cross_entropy(torch.cat(logits), y, reduction="none")
