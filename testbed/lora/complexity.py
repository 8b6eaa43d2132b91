"""How complex a device's data is: the criteria of AutoRank.

Their names are those of `lora.metrics`. Of all of them more is more complex.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

BINS = 32
"""Of the histogram of losses: all but the last equally wide, from 0 to twice ln K, the last with all above. A guess
with equal odds loses ln K. So devices have common edges without having to agree on them (our reading)."""


def complexity(names: Sequence[str], counts: Tensor, losses: Sequence[Tensor]) -> Tensor:
    """(devices, names) float32, as they travel: the criteria `names` of devices with so many samples of each label,
    `counts` (devices, classes), and these losses of their samples, (samples,) for each device.

    `difficulty`: entropy in nats of the histogram of losses. `entropy`: of the labels, over ln K. `gini_simpson`: the
    chance that two samples drawn with replacement differ in label. `labels`: how many there are. `volume`: ln(1 + n).
    A device without samples has 0 in all.
    """
    total = counts.sum(1).clamp(min=1)
    shares = counts.double() / total[:, None]
    classes = counts.shape[1]
    columns = {
        "difficulty": lambda: torch.stack([_difficulty(each, classes) for each in losses]),
        "entropy": lambda: _entropy(shares) / math.log(max(classes, 2)),
        "gini_simpson": lambda: (counts.sum(1) > 0).double() - shares.square().sum(1),
        "labels": lambda: (counts > 0).sum(1),
        "volume": lambda: counts.sum(1).double().log1p(),
    }
    return torch.stack([columns[name]().float() for name in names], 1)


def _difficulty(losses: Tensor, classes: int) -> Tensor:
    width = 2 * math.log(max(classes, 2)) / (BINS - 1)
    places = (losses.double().nan_to_num(nan=torch.inf) / width).clamp(0, BINS - 1).long()
    return _entropy(torch.bincount(places, minlength=BINS).double() / max(len(losses), 1))


def _entropy(shares: Tensor) -> Tensor:
    """- sum p ln p over the last axis."""
    return -torch.xlogy(shares, shares).sum(-1)
