"""Sorting long columns of integers by several keys."""

import numpy as np
from numpy.typing import NDArray


def order_of(*keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """As `np.lexsort(keys)`: by the last key first, equal rows as they stand; several times as quick."""
    order = _stable(keys[0])
    for key in keys[1:]:
        order = order[_stable(key[order])]
    return order


def _stable(key: NDArray[np.integer]) -> NDArray[np.int64]:
    """A stable argsort. numpy sorts plain integers quickest, so key and place are one integer where they fit into one:
    times mostly do, as they are multiples of a second or so."""
    count = len(key)
    if (key[1:] >= key[:-1]).all():
        return np.arange(count)
    low, high = int(key.min()), int(key.max())
    if high - low >= 2**63:
        return np.argsort(key, kind="stable")
    steps = key.astype(np.int64) - low
    if (high - low) * count >= 2**62:
        steps //= np.gcd.reduce(steps)
    if (int(steps.max()) + 1) * count >= 2**63:
        return np.argsort(key, kind="stable")
    return np.asarray(np.sort(steps * count + np.arange(count)) % count)
