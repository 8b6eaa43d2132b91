"""Where gradients and accuracies are computed: on the CPU, or on an accelerator.

Models stay in main memory whatever computes, so that mixing, the radio and what is saved know of no difference. An
accelerator keeps the frozen weights and the samples, and is sent the devices' models in every step: it is worth it
where a step has much arithmetic for few trained numbers, as with adapters beside a pretrained model. Its numbers differ
from the CPU's in their last digits; those of two runs on the same one are the same.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.learning.evaluate import Accuracy
from testbed.learning.steps import ByRound, Gradients

CPU = torch.device("cpu")


def device_of(accelerator: str | None) -> torch.device:
    """The CPU for None. Raises UserError for an accelerator that torch does not see here."""
    if accelerator is None:
        return CPU
    if not torch.cuda.is_available():
        raise UserError(
            f'model.accelerator = "{accelerator}": torch {torch.__version__} sees none on this machine; leave the key '
            "out to compute on the CPU."
        )
    # A thread of autograd says so at its first product, and mends it.
    warnings.filterwarnings("ignore", "Attempting to run cuBLAS, but there was no current CUDA context")
    torch.backends.cudnn.allow_tf32 = False  # ten bits of a mantissa are not float32
    torch.backends.cudnn.deterministic = True
    return torch.device(accelerator)


def gradients(make: Callable[[Tensor, Tensor], Gradients], x: Tensor, y: Tensor, device: torch.device) -> Gradients:
    """What `make` makes of training samples x and labels y once they are on `device`; of models that are not there."""
    found = make(x.to(device), y.to(device))
    if device == CPU:
        return found
    return _ByRound(found, device) if isinstance(found, ByRound) else _There(found, device)


def accuracy(make: Callable[[Tensor, Tensor], Accuracy], x: Tensor, y: Tensor, device: torch.device) -> Accuracy:
    """The same of test samples."""
    found = make(x.to(device), y.to(device))
    return lambda models: found(models.to(device)).cpu()


class _There:
    """Gradients that are computed on a device."""

    def __init__(self, gradients: Gradients, device: torch.device) -> None:
        self._gradients, self._device = gradients, device

    def __call__(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        there = torch.empty_like(out, device=self._device)
        losses = self._gradients(models.to(self._device), rows.to(self._device), there, scale.to(self._device))
        out.copy_(there)
        return losses.cpu()


class _ByRound(_There):
    """Those that are others in every local step."""

    def of(self, round_: int) -> Gradients:
        assert isinstance(self._gradients, ByRound)
        return _There(self._gradients.of(round_), self._device)
