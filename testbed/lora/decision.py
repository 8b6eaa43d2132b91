"""Many criteria to one score: weights by CRITIC, scores by TOPSIS, ranks by what the scores are among each other.

Rows are devices, columns criteria, of which more is more. Both are of the textbooks; what they do where a column is
constant, or there is but one row, is our reading. Up to rounding, the order of rows and of columns does not matter.
"""

import torch
from torch import Tensor

TINY = 1e-9
"""Differences and correlations are not told apart by less."""


def critic(x: Tensor) -> Tensor:
    """Weights (criteria,), float64, sum 1, of x (devices, criteria).

    CRITIC (Diakoulaki, Mavrotas and Papayannakis, Computers & Operations Research 1995): with the columns scaled to 0
    to 1, standard deviations sigma and correlations rho,

        c_j = sigma_j sum_k (1 - rho_jk),    w_j = c_j / sum c

    A constant column says nothing: it weighs 0, and the others weigh as without it. Where all c are 0, as for one row,
    all weights are equal.
    """
    x = x.double()
    low, span = x.amin(0), x.amax(0) - x.amin(0)
    varies = span > TINY * x.abs().amax(0)
    z = torch.where(varies, (x - low) / torch.where(varies, span, 1.0), 0.0)
    z = z - z.mean(0)
    sigma = z.square().mean(0).sqrt()
    both = varies[:, None] & varies
    rho = (z.T @ z) / len(x) / torch.where(both, sigma[:, None] * sigma, 1.0)
    conflict = torch.where(both & (1 - rho > TINY), 1 - rho, 0.0)
    c = sigma * conflict.sum(1)
    return c / c.sum() if c.sum() > 0 else torch.full_like(c, 1 / len(c))


def topsis(x: Tensor, weights: Tensor) -> Tensor:
    """Closeness (devices,) to the best, 0 to 1, float64, of x (devices, criteria) with `weights` (criteria,).

    TOPSIS (Hwang and Yoon, 1981): with v_ij = w_j x_ij / |x_j|, and v+ and v- the largest and the smallest of a
    column, D+_i = |v_i - v+|, D-_i = |v_i - v-| and C_i = D-_i / (D+_i + D-_i); 0.5 where both are 0.
    """
    x = x.double()
    length = x.norm(dim=0)
    v = weights * x / torch.where(length > 0, length, 1.0)
    best, worst = (v - v.amax(0)).norm(dim=1), (v - v.amin(0)).norm(dim=1)
    both = best + worst
    return torch.where(both > TINY, worst / torch.where(both > TINY, both, 1.0), 0.5)


def ranks(closeness: Tensor, least: int, most: Tensor) -> Tensor:
    """r_i = least + round(c_i (most_i - least)), int64, with c the closeness (devices,) scaled to 0 to 1 over the
    devices; where it is the same for all, c = 0.5. `most` is (devices,). Halves are rounded up."""
    low, high = closeness.min(), closeness.max()
    share = (closeness - low) / (high - low) if high - low > TINY else torch.full_like(closeness, 0.5)
    return least + ((share * (most - least)).round(decimals=8) + 0.5).floor().long()
