"""The bytes of components, and the choice of as many as a budget has place for.

What says which components are sent, the header, and parameters that are trained whole are not counted here.
"""

import torch
from torch import Tensor

from testbed.lora.layout import Layout
from testbed.lora.wire import Code, DType


def component_bytes(layout: Layout, a: Tensor, b: Tensor, dtype: DType) -> Tensor:
    """Int64 (..., components): what each component takes in a message with the rows of A of the components `a`, and
    the columns of B of `b`, both (..., components) bool."""
    rows_a, rows_b = Code(layout, dtype).row_bytes()
    return a * rows_a + b * rows_b


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
