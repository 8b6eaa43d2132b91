"""Gradients and accuracy of a model with adapters, groups of devices at once.

How many make a group is decided by what a sample keeps in memory and by nothing else: no timing, and no number of
threads. So numbers do not depend on the machine's cores, and memory is that of a group for each of them.
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from testbed.learning.convolved import right
from testbed.learning.steps import cross_entropies
from testbed.lora.model import Adapted
from testbed.lora.stack import NOTHING
from testbed.threads import each

GROUP = 16
"""Devices in a group, at most, so that every core gets one."""
KEPT = 2**26
"""Bytes kept for the way back by a group; one device may need more."""


def group_size(model: Adapted, samples: int) -> int:
    """Devices worked on at once, where each has so many samples."""
    return max(1, min(GROUP, KEPT // max(1, model.kept_bytes * samples)))


class Stacked:
    """As `testbed.learning.steps.Gradients`: training samples x (samples, ...), labels y.

    Where both factors of a component are zero, so are its gradients: a device that lacks it does not get it back.
    """

    def __init__(self, model: Adapted, x: Tensor, y: Tensor, bases: Mapping[str, Tensor] = NOTHING) -> None:
        """`bases`: see `Adapted.logits`."""
        self._model, self._x, self._y, self._bases = model, x, y, bases

    def __call__(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        groups = -(-len(models) // group_size(self._model, rows.shape[1]))
        return torch.cat(each(self._group, *(tensor.tensor_split(groups) for tensor in (models, rows, out, scale))))

    def _group(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        """Few operations, as for small networks each costs as much as its arithmetic: the slope of the loss by hand,
        with `scale` in it, and all gradients in one copy."""
        weights = {name: view.detach().requires_grad_() for name, view in self._model.spec.views(models).items()}
        batches = self._x.index_select(0, rows.flatten()).view(*rows.shape, *self._x.shape[1:])
        logits = self._model.logits(weights, batches, self._bases)
        losses, slope = cross_entropies(logits.detach(), self._y[rows])
        found = torch.autograd.grad(logits, list(weights.values()), slope.mul_(scale[:, :, None]))
        torch.cat([gradient.flatten(1) for gradient in found], 1, out=out)
        return losses


class StackedAccuracy:
    """As `testbed.learning.evaluate.Accuracy`: test samples x (samples, ...), labels y."""

    def __init__(self, model: Adapted, x: Tensor, y: Tensor) -> None:
        self._model, self._x, self._y = model, x, y

    def __call__(self, models: Tensor) -> Tensor:
        groups = models.detach().tensor_split(-(-len(models) // GROUP))
        chunk = max(1, KEPT // max(1, self._model.kept_bytes * len(groups[0])))
        chunks = list(zip(torch.split(self._x, chunk), torch.split(self._y, chunk), strict=True))
        counts = each(partial(self._group, groups), [x for x, _ in chunks], [y for _, y in chunks])
        return torch.tensor(counts).sum(0) / len(self._y)

    def _group(self, groups: tuple[Tensor, ...], x: Tensor, y: Tensor) -> list[int]:
        """Right answers of each device."""
        with torch.no_grad():
            return [
                right(logits, y) for models in groups for logits in self._model(models, x.expand(len(models), *x.shape))
            ]
