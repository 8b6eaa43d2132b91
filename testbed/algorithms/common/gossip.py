"""What Mudag, ADOM and ADOM+ ask of their gossip matrix W, and what they have to know of its eigenvalues.

No device can compute an eigenvalue of the whole graph from what it hears. That all know them, and know them of the
round that they are in, is our reading, as is all that is done here where messages were lost.
"""

import torch
from torch import Tensor

from testbed.aggregation import laplacian, metropolis, mutual
from testbed.aggregation.spectrum import second_eigenvalue
from testbed.scenario.schema import Algorithm as Settings

CAP = 0.9
"""Of l2: a round in which the graph hardly holds together is not accelerated as far as it could be."""
FLOOR = 0.02
"""Of lmin, and what it is taken for until a connected round came."""


def gossip(settings: Settings, neighbours: Tensor, delivered: Tensor) -> Tensor:
    """Mixing weights W (devices, devices) as `algorithm.gossip` has them; arguments as in `Algorithm.weights`."""
    return (laplacian if settings.gossip == "laplacian" else metropolis)(neighbours, delivered)


def positive_gossip(settings: Settings, neighbours: Tensor, delivered: Tensor) -> Tensor:
    """The same without negative eigenvalues: Metropolis weights become (I + W) / 2 (our reading)."""
    weights = gossip(settings, neighbours, delivered)
    return weights if settings.gossip == "laplacian" else (weights + torch.eye(len(weights))) / 2


def l2(weights: Tensor) -> float:
    """The largest |eigenvalue| of W but for those that are 1, one for each component; at the most CAP.

    Of weights that are unequal for lost messages, the part counts that is `mutual`.
    """
    return min(second_eigenvalue(mutual(weights))[0], CAP)


def smallest(weights: Tensor, before: Tensor) -> Tensor:
    """lmin (devices,): the smallest eigenvalue of G = I - W that is not 0, over the connected rounds so far.

    Those are the round of W, which has no negative eigenvalues, and the rounds of `before`, infinite where there was
    none yet. Lost messages are as above.
    """
    second, components = second_eigenvalue(mutual(weights))
    return before if components > 1 else before.clamp(max=max(1 - second, FLOOR))


def known(lmin: Tensor, models: Tensor) -> Tensor:
    """(devices, 1) in the type of `models`: lmin, FLOOR where no round was connected yet."""
    return lmin.nan_to_num(posinf=FLOOR).to(models)[:, None]
