"""Three ways to the same gradients: all devices at once by hand, at once by `vmap`, or one by one.

Each takes flat models (devices, parameters), the rows (devices, batch) of the training set that form
the batches, and writes `scale` (devices, 1) times the gradient of every device's mean cross entropy into
`out` (devices, parameters). It returns the losses (devices,). Loss and gradient of a diverged model come out
as they are, not finite.
"""

import threading
from typing import Literal, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.func import grad_and_value, vmap
from torch.nn.functional import cross_entropy

from testbed.learning.models import Model
from testbed.threads import each

Execution = Literal["auto", "batched", "loop"]
GROUP = 16
"""Devices worked on at once when batched, at most: their batches stay near the cache, and every core gets a group."""


class Gradients(Protocol):
    """Writes `scale` times the gradients at `models` on the batches `rows` into `out`; returns the losses."""

    def __call__(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor: ...


@runtime_checkable
class ByRound(Protocol):
    """Gradients that are others in every local step."""

    def of(self, round_: int) -> Gradients:
        """Those of one round, for its steps one after the other: every call is the next step."""


def gradients(model: Model, x: Tensor, y: Tensor, execution: Execution) -> Gradients:
    """The way that `execution` names, over training images x (samples, channels, height, width), labels y."""
    if resolved(model, execution) == "loop":
        return Loop(model, x, y)
    return Stack(model, x, y) if _linear(model) else Vmap(model, x, y)


def resolved(model: Model, execution: Execution) -> Literal["batched", "loop"]:
    """What `auto` means for this model: a rule and not a timing, so that a resumed run computes the same bytes.

    Stacks of fully connected layers go batched. Networks with convolutions go one by one on a CPU: `vmap` makes of
    them grouped convolutions, which it takes more than twice as long for.
    """
    if execution == "auto":
        on_cpu = next(model.module.parameters()).device.type == "cpu"
        return "loop" if on_cpu and not _linear(model) else "batched"
    return execution


def _linear(model: Model) -> bool:
    return all(isinstance(layer, nn.Flatten | nn.Linear | nn.ReLU) for layer in model.module)


class Loop:
    """One device after the other, by autograd; its batch is gathered just before, so that it is still in cache."""

    def __init__(self, model: Model, x: Tensor, y: Tensor) -> None:
        self._model, self._x, self._y = model, channels_last(x), y

    def __call__(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        return torch.stack(each(self._device, models, rows, out, scale))

    def _device(self, model: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        weights = {name: view.detach().requires_grad_() for name, view in self._model.spec.views(model).items()}
        x = self._x.index_select(0, rows).movedim(-1, 1)
        loss = cross_entropy(self._model(weights, x), self._y[rows])
        found = torch.autograd.grad(loss, list(weights.values()))
        for parameter, gradient in zip(self._model.spec.parameters, found, strict=True):
            torch.mul(gradient, scale, out=parameter.of(out))
        return loss.detach()


class Vmap:
    """All devices of a group at once, by `torch.func`: for any network."""

    def __init__(self, model: Model, x: Tensor, y: Tensor) -> None:
        self._model, self._x, self._y = model, x, y
        self._both = vmap(grad_and_value(self._loss))

    def _loss(self, weights: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(self._model(weights, x), y)

    def __call__(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        return torch.cat(each(self._group, *_groups(models, rows, out, scale)))

    def _group(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        found, losses = self._both(self._model.spec.views(models), self._x[rows], self._y[rows])
        for parameter in self._model.spec.parameters:
            own = scale.view(-1, *[1] * len(parameter.shape))
            torch.mul(found[parameter.name], own, out=parameter.of(out))
        return cast(Tensor, losses)


class Stack:
    """All devices of a group at once, by hand: fully connected layers with ReLU between them, softmax at the end.

    With a_0 = x, z_k = a_(k-1) W_k' + b_k, a_k = max(z_k, 0) and the mean cross entropy of softmax(z_K):
    d_K = (softmax(z_K) - onehot(y)) / batch,  d_(k-1) = (d_k W_k) [a_(k-1) > 0],  dW_k = d_k' a_(k-1),  db_k = sum d_k.
    """

    def __init__(self, model: Model, x: Tensor, y: Tensor) -> None:
        self._x, self._y = x.flatten(1), y
        parameters = model.spec.parameters
        self._layers = list(zip(parameters[::2], parameters[1::2], strict=True))
        self._local = threading.local()

    def __call__(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        return torch.cat(each(self._group, *_groups(models, rows, out, scale)))

    @torch.no_grad()
    def _group(self, models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        activations = self._forward(models, rows)
        losses, slope = cross_entropies(activations.pop(), self._y[rows])
        for weight, bias in reversed(self._layers):
            inputs = activations.pop()
            torch.mul(torch.bmm(slope.mT, inputs), scale.unsqueeze(2), out=weight.of(out))
            torch.mul(slope.sum(1), scale, out=bias.of(out))
            if activations:
                slope = torch.bmm(slope, weight.of(models)).mul_(inputs > 0)
        return losses

    def _forward(self, models: Tensor, rows: Tensor) -> list[Tensor]:
        activations = [self._gather(rows)]
        for weight, bias in self._layers:
            if len(activations) > 1:
                activations[-1].relu_()
            activations.append(torch.bmm(activations[-1], weight.of(models).mT).add_(bias.of(models).unsqueeze(1)))
        return activations

    def _gather(self, rows: Tensor) -> Tensor:
        """The batches (devices, batch, pixels), in memory that a thread keeps: fresh pages cost as much as the copy."""
        if not hasattr(self._local, "batches"):
            self._local.batches = self._x.new_empty(0)
        batches: Tensor = self._local.batches.resize_(rows.numel(), self._x.shape[1])
        return torch.index_select(self._x, 0, rows.reshape(-1), out=batches).view(*rows.shape, -1)


def cross_entropies(logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross entropy (devices,) of logits (devices, batch, classes), and its slope by the logits."""
    logs = torch.log_softmax(logits, 2)
    right = y.unsqueeze(2)
    losses = -logs.gather(2, right).mean((1, 2))
    slope = logs.exp_().scatter_add_(2, right, torch.full_like(right, -1, dtype=logs.dtype))
    return losses, slope.div_(logits.shape[1])


def channels_last(x: Tensor) -> Tensor:
    """Images as (samples, height, width, channels) in memory: so convolutions on a CPU are fastest."""
    return x.movedim(1, -1).contiguous()


def _groups(*values: Tensor) -> list[tuple[Tensor, ...]]:
    """Each tensor (devices, ...) in groups as equal as may be."""
    return [value.tensor_split(-(-len(value) // GROUP)) for value in values]
