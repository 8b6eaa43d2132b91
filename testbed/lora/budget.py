"""The bytes of components, and the choice of as many as a budget has place for.

A number takes what `lora.dtype` says: what names the components that are sent (a mask), int8's scales, the header and
parameters that are trained whole are not counted here.
"""

import torch
from torch import Tensor

from testbed.lora.layout import Layout

NUMBER_BYTES = {"float32": 4, "float16": 2, "int8": 1}
"""Of a number in a message, by `lora.dtype`."""


def component_bytes(layout: Layout, a: Tensor, b: Tensor, dtype: str) -> Tensor:
    """Int64 (..., components): what each component takes in a message with the rows of A of the components `a`, and
    the columns of B of `b`, both (..., components) bool."""
    inputs, outputs = layout.sides
    return NUMBER_BYTES[dtype] * (a * inputs + b * outputs)


def filled(scores: Tensor, sizes: Tensor, budgets: Tensor) -> Tensor:
    """Bool (devices, entries): what is taken, in the order of `scores` (devices, entries), the highest first.

    An entry is taken if its `sizes` (devices, entries) still fits into what is left of `budgets` (devices,); one that
    does not is passed over for later ones that do. Of equal scores the first comes first. NaN comes last.
    """
    order = scores.nan_to_num(nan=-torch.inf).argsort(dim=1, descending=True, stable=True)
    taken, left = torch.zeros_like(scores, dtype=torch.bool), budgets.clone()
    rows = torch.arange(len(scores))
    for place in order.T:
        fits = sizes[rows, place] <= left
        left -= sizes[rows, place] * fits
        taken[rows, place] = fits
    return taken
