"""Adapters of several devices in one forward pass: y = W x + B_d (A_d x) for device d, with W there once.

The samples of all devices stand one after the other in the first dimension, device by device: (devices x batch, ...).
The adapters are handed over beside the module and not put into it, by a context variable, which each thread has by
itself: threads may work on different devices with the same module at once, and nothing of it is copied.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

NOTHING: Mapping[str, Tensor] = MappingProxyType({})


@dataclass(frozen=True)
class Stack:
    """What a forward pass is taken with."""

    weights: Mapping[str, Tensor]
    """(devices, ...) by name, as `testbed.lora.names` has them."""
    devices: int
    samples: int
    """devices x batch."""
    bases: Mapping[str, Tensor]
    """What stands in place of a layer's weight, for all devices, by the layer's name; none where it stays."""


_current: ContextVar[Stack] = ContextVar("stack")


@contextmanager
def stacked(
    weights: Mapping[str, Tensor], devices: int, samples: int, bases: Mapping[str, Tensor] = NOTHING
) -> Iterator[None]:
    """Within it, and in this thread alone, adapted layers work with these weights."""
    token = _current.set(Stack(weights, devices, samples, bases))
    try:
        yield
    finally:
        _current.reset(token)


def weight(name: str) -> Tensor:
    """(devices, ...) a weight of the pass."""
    return _current.get().weights[name]


def in_pass(layer: str, weight: Tensor) -> Tensor:
    """The weight of an adapted layer in the pass, which is `weight` by itself."""
    return _current.get().bases.get(layer, weight)


def check(layer: str, x: Tensor) -> Stack:
    """The pass that x (devices x n, ...) is part of. ValueError where its samples do not come first."""
    stack = _current.get()
    if x.ndim == 0 or x.shape[0] == 0 or x.shape[0] % stack.samples:
        raise ValueError(
            f"layer {layer} is given {tuple(x.shape)}: its adapters need the {stack.samples} samples of all devices, "
            "or a multiple of them, in the first dimension"
        )
    return stack


def by_device(layer: str, x: Tensor) -> Tensor:
    """x (devices x n, ...) as (devices, n, ...). Raises as `check`."""
    return x.reshape(check(layer, x).devices, -1, *x.shape[1:])
