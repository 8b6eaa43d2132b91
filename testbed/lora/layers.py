"""Layers with an adapter for each device beside weights that are there once, and layers of which each has its own.

x is (devices x batch, ...) throughout. A layer with an adapter holds the base layer's weights, under the same names.
See `testbed.lora.stack` for where the adapters come from, and `testbed.lora.layout` for A and B.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from testbed.lora.layout import Target
from testbed.lora.names import name_of
from testbed.lora.product import adapted
from testbed.lora.stack import by_device, in_pass, weight


class Adapter(nn.Module):
    """A layer with an adapter."""

    weight: Tensor

    def __init__(self, base: nn.Module, target: Target) -> None:
        super().__init__()
        self.layer = target.name
        self._a, self._b = name_of(target, "A"), name_of(target, "B")
        for name, parameter in base.named_parameters(recurse=False):
            self.register_parameter(name, parameter)

    @property
    def factors(self) -> tuple[Tensor, Tensor]:
        """A and B transposed, of all devices."""
        return weight(self._a), weight(self._b)

    @property
    def base(self) -> Tensor:
        """The weight that they stand beside."""
        return in_pass(self.layer, self.weight)


class Linear(Adapter):
    """y = W x + b + B_d (A_d x) of x (devices x batch, ..., inputs); with `second`, of x (any, devices x batch, inputs)
    where the samples come second."""

    bias: Tensor | None

    def __init__(self, base: nn.Linear, target: Target, second: bool = False) -> None:
        super().__init__(base, target)
        self.in_features, self.out_features, self._second = base.in_features, base.out_features, second
        if base.bias is None:
            self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        if self._second:
            return self._adapted(x.transpose(0, 1).contiguous()).transpose(0, 1)
        return self._adapted(x)

    def _adapted(self, x: Tensor) -> Tensor:
        return adapted(self.layer, x, self.base, self.bias, *self.factors)


class Conv2d(Adapter):
    """A convolution with the kernel W, and one of all devices together, in groups, with the kernels A; B is 1 x 1."""

    bias: Tensor | None

    def __init__(self, base: nn.Conv2d, target: Target) -> None:
        super().__init__(base, target)
        if base.bias is None:
            self.register_parameter("bias", None)
        self._mode, self._around = base.padding_mode, base._reversed_padding_repeated_twice
        self._stride, self._dilation = base.stride, base.dilation
        self._padding = base.padding if self._mode == "zeros" else 0

    def forward(self, x: Tensor) -> Tensor:
        """(devices x batch, channels, height, width)"""
        if self._mode != "zeros":
            x = functional.pad(x, self._around, self._mode)
        base = functional.conv2d(x, self.base, self.bias, self._stride, self._padding, self._dilation)
        a, b = self.factors
        devices, room = a.shape[:2]
        together = by_device(self.layer, x).transpose(0, 1).flatten(1, 2)
        inner = functional.conv2d(
            together, a.flatten(0, 1), None, self._stride, self._padding, self._dilation, groups=devices
        )
        # Of each device (room, places), the places of its samples one after the other.
        inner = inner.view(len(inner), devices, room, -1).permute(1, 2, 0, 3).flatten(2)
        added = torch.bmm(b.mT, inner).view(devices, b.shape[2], -1, *base.shape[2:]).transpose(1, 2)
        return base + added.flatten(0, 1)


class Embedding(Adapter):
    """Row t of W plus B_d (column t of A_d), for each entry t of x (devices x batch, ...). Nothing is learnt from the
    entry that is for padding, as in torch's layer."""

    def __init__(self, base: nn.Embedding, target: Target) -> None:
        super().__init__(base, target)
        self._padding = base.padding_idx

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.factors
        entries = by_device(self.layer, x).flatten(1)
        inner = a.gather(2, entries.unsqueeze(1).expand(-1, a.shape[1], -1)).mT
        added = torch.bmm(inner, b).view(*x.shape, -1)
        if self._padding is not None:
            added = torch.where((x == self._padding).unsqueeze(-1), added.detach(), added)
        return functional.embedding(x, self.base) + added


class Whole(nn.Module):
    """A linear layer of which each device has its own: y = W_d x + b_d of x (devices x batch, ..., inputs)."""

    def __init__(self, base: nn.Linear, layer: str) -> None:
        super().__init__()
        self.in_features, self.out_features = base.in_features, base.out_features
        self.layer, self._bias = layer, base.bias is not None

    def forward(self, x: Tensor) -> Tensor:
        inputs, own = by_device(self.layer, x).flatten(1, -2), weight(f"{self.layer}.weight").mT
        if self._bias:
            outputs = torch.baddbmm(weight(f"{self.layer}.bias").unsqueeze(1), inputs, own)
        else:
            outputs = torch.bmm(inputs, own)
        return outputs.view(*x.shape[:-1], self.out_features)
