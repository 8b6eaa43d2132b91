"""Noise on the weights while gradients are taken: after Flat-LoRA (Li et al., "Flat-LoRA: Low-Rank Adaptation over a
Flat Loss Landscape", ICML 2025). A reconstruction: we had no more than its title and abstract.

From these: minima should be flat in the space of all weights, not of the factors alone; so random perturbations are
put on the merged weights, drawn again from a seed in place of being kept. Our reading: in every local step the gradient
is taken at W + B A + E, where row i of E is normal with the standard deviation

    sigma |W_i| / sqrt(inputs)

so that a row, all that makes one output, is moved by sigma of its own norm; a convolution's kernels are flat, and an
embedding's row is an output's over all entries. |W_i| is that of the base, to which B A adds little, and E is the same
on all devices in a step, a function of the seed, the round, the step and the layer: so it is there once, beside a base
that is there once. sigma is constant. What is trained whole has no noise; the losses of the training are those under
noise, accuracy is without it. Devices that do not train at the same time have the noise of their own rounds.
"""

import numpy as np
import torch
from torch import Tensor

from testbed.learning.steps import Gradients
from testbed.lora.model import Adapted
from testbed.lora.training import Stacked
from testbed.seeds import Purpose, generator
from testbed.threads import each


class Perturbed(Stacked):
    """As `Stacked`; in the local steps of a round with noise of `sigma` times the norm of every row."""

    def __init__(self, model: Adapted, x: Tensor, y: Tensor, sigma: float, seed: int) -> None:
        super().__init__(model, x, y)
        self._sigma, self._seed, self._weights = sigma, seed, model.bases()

    def of(self, round_: int) -> Gradients:
        """As `testbed.learning.steps.ByRound`."""
        step = -1

        def gradients(models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
            nonlocal step
            step += 1
            return Stacked(self._model, self._x, self._y, self.noisy(round_, step))(models, rows, out, scale)

        return gradients

    def noisy(self, round_: int, step: int) -> dict[str, Tensor]:
        """W + E of every layer with an adapter, by name."""
        names, numbers = list(self._weights), range(len(self._weights))
        noise = each(lambda number: self._noise(self._weights[names[number]], round_, step, number), numbers)
        return dict(zip(names, noise, strict=True))

    def _noise(self, base: Tensor, round_: int, step: int, number: int) -> Tensor:
        kind = self._model.layout.sites[number].target.kind
        rows = (base.mT if kind == "embedding" else base).flatten(1)
        draw = generator(self._seed, Purpose.PERTURBATION, round_, step, number)
        noise = torch.from_numpy(draw.standard_normal(tuple(rows.shape), np.float32)).to(base.device)
        noise *= self._sigma * rows.norm(dim=1, keepdim=True) / rows.shape[1] ** 0.5
        return base + (noise.mT if kind == "embedding" else noise.view(base.shape))
