"""Matrix products whose rows do not depend on which other rows there are.

What stands in a row of A B is a sum over the columns of A. BLAS adds its terms up one after the other, in their order,
with two exceptions that were found by trying (MKL, float32 and float64): a product of a row or two, or a column, may go
another way, and beyond about 300 terms the sum is cut into parts whose lengths depend on the number of rows. So sums
are never that long here, and rows and columns never so few where that matters. Threads, other columns of B and terms
that are 0 change no bit.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

TERMS = 256
"""Of a sum, at once."""
FEWEST = 4
"""Rows, where they are some of more; and columns, which may be what is left over of a block."""


def product(a: Tensor, b: Tensor, *, apart: bool = False, out: Tensor | None = None) -> Tensor:
    """A B (rows, columns) of a (rows, terms) and b (terms, columns), in `out` where that is given.

    `apart`: the rows are some of those of a larger product, and should come out as they do there.
    """
    (count, terms), columns = a.shape, b.shape[1]
    few = (count < FEWEST and (apart or terms > TERMS)) or columns < FEWEST
    if few:
        a, b = pad(a, (0, 0, 0, max(0, FEWEST - count))), pad(b, (0, max(0, FEWEST - columns)))
    whole = torch.mm(a[:, :TERMS], b[:TERMS], out=None if few else out)
    for first in range(TERMS, terms, TERMS):
        whole.addmm_(a[:, first : first + TERMS], b[first : first + TERMS])
    if not few:
        return whole
    asked = whole[:count, :columns]
    return asked if out is None else out.copy_(asked)
