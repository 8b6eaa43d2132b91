"""The product at the heart of all adapted layers, and its gradients by hand.

For a device with samples X (n, inputs), and C = A X' (r, n):  Y = X W' + bias + C' B,  where B is (r, outputs). With
the slope G of the loss by Y:  dB = C G,  D = B G' (r, n),  dA = D X,  dX = G W + D' A.

W and its bias stay as they are and have no gradients. By hand it is one pass over what is large: autograd would make a
tensor of Y, and one of dX, for each of the two terms.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from testbed.lora.stack import check


def adapted(layer: str, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor) -> Tensor:
    """y (devices x n, ..., outputs) of x (devices x n, ..., inputs), with weight (outputs, inputs), a (devices, r,
    inputs) and b (devices, r, outputs)."""
    check(layer, x)
    return cast(Tensor, _Adapted.apply(x, weight, bias, a, b))  # type: ignore[no-untyped-call]


class _Adapted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor) -> Tensor:
        inner = torch.bmm(a, _stacked(x, a).mT)
        ctx.save_for_backward(x, weight, a, b, inner)
        y = x.new_empty(*x.shape[:-1], len(weight))
        if bias is None:
            torch.mm(x.reshape(-1, x.shape[-1]), weight.T, out=y.view(-1, len(weight)))
        else:
            torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight.T, out=y.view(-1, len(weight)))
        _stacked(y, a).baddbmm_(inner.mT, b)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, a, b, inner = ctx.saved_tensors
        own = _stacked(slope, a)
        back = torch.bmm(b, own.mT)
        inputs = None
        if ctx.needs_input_grad[0]:
            inputs = torch.mm(slope.reshape(-1, len(weight)), weight).view(x.shape)
            _stacked(inputs, a).baddbmm_(back.mT, a)
        return inputs, None, None, torch.bmm(back, _stacked(x, a)), torch.bmm(inner, own)


def _stacked(x: Tensor, a: Tensor) -> Tensor:
    """x (devices x n, ..., values) as (devices, n x ..., values)."""
    return x.reshape(len(a), -1, x.shape[-1])
