"""Mixing weights: row i holds what device i gives to every model that it mixes, its own among them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.aggregation.spectrum import laplacian_norm

Graph = Tensor | NDArray[np.bool_]


def metropolis(neighbours: Graph, delivered: Graph) -> Tensor:
    """Metropolis-Hastings weights (devices, devices) in float64 of what arrived in a round.

        a_ij = min(1 / (N_i + 1), 1 / (N_j + 1))  where the message of j arrived at i,
        a_ii = 1 - sum of the others              (HyperPrism, NeurIPS 2024, eq. 4 and 5)

    `neighbours[i, j]`: i hears j in the round's graph, so N_i is the count of row i, and N_j came with
    the message of j. `delivered[i, j]`: the message of j arrived at i; one from outside the graph is
    left aside. If all arrived on a graph of two-way links, the weights are symmetric and doubly
    stochastic; whatever was lost stays with the receiver, so every row sums to 1 in any case.
    """
    others = ~torch.eye(len(neighbours), dtype=torch.bool)
    graph = torch.as_tensor(neighbours, dtype=torch.bool) & others
    share = 1 / (graph.sum(1, dtype=torch.float64) + 1)
    arrived = torch.as_tensor(delivered, dtype=torch.bool) & graph
    return with_own(torch.minimum(share[:, None], share[None, :]) * arrived)


def laplacian(neighbours: Graph, delivered: Graph) -> Tensor:
    """W = I - L / lmax (devices, devices) in float64: L the Laplacian of a round's graph, lmax its largest eigenvalue.

        a_ij = 1 / lmax               where the message of j arrived at i,
        a_ii = 1 - sum of the others  (HyperPrism, NeurIPS 2024, section 6.1, for Mudag and ADOM)

    If all arrived on a graph of two-way links, W is symmetric with eigenvalues from 0 to 1. `neighbours` and
    `delivered` are as in `metropolis`, and so is what becomes of lost messages. Our reading: for lmax a link counts
    that goes one way at least, and every device knows lmax. Without links W is the identity.
    """
    others = ~torch.eye(len(neighbours), dtype=torch.bool)
    graph = torch.as_tensor(neighbours, dtype=torch.bool) & others
    arrived = torch.as_tensor(delivered, dtype=torch.bool) & graph
    return with_own(arrived.double() / max(laplacian_norm(graph | graph.T), 1.0))


def mutual(weights: Tensor) -> Tensor:
    """The symmetric part of mixing weights (devices, devices) that are so for no loss: the smaller weight of a pair,
    0 where a message arrived one way alone; the rest is each device's own."""
    both = torch.minimum(weights, weights.T)
    return with_own(both.fill_diagonal_(0.0))


def push_sum(neighbours: Graph, delivered: Graph) -> Tensor:
    """Column-stochastic weights (devices, devices) in float64 of what arrived in a round.

        P_ij = 1 / (1 + number of those that hear j)  where the message of j arrived at i,
        P_jj = 1 - sum of the others in column j      (Assran et al., "Stochastic Gradient Push", ICML 2019)

    `neighbours`, `delivered`: as above. What was lost stays with the sender, so every column sums to 1 in any case.
    """
    others = ~torch.eye(len(neighbours), dtype=torch.bool)
    graph = torch.as_tensor(neighbours, dtype=torch.bool) & others
    share = 1 / (graph.sum(0, dtype=torch.float64) + 1)
    return with_own((share * (torch.as_tensor(delivered, dtype=torch.bool) & graph)).T).T


def metropolis_rows(own: Tensor, theirs: Tensor, heard: Tensor) -> Tensor:
    """The rows of those weights that receivers know by themselves, (receivers, messages) in float64.

    own: (receivers,) their degrees. theirs: (messages,) the degrees that travelled. heard: (receivers, messages),
    whether a receiver mixes a message; what is its own message is not among that, and message i is the own one of
    receiver i. Where all know the same graph these are the rows of `metropolis`.
    """
    shares = [1 / (degrees.double() + 1) for degrees in (own, theirs)]
    return with_own(torch.minimum(shares[0][:, None], shares[1][None, :]) * heard)


def equal_rows(heard: Tensor) -> Tensor:
    """Equal weights, (receivers, messages) in float64, for what each has `heard` and its own, as above."""
    return with_own(heard / (heard.sum(1, dtype=torch.float64) + 1)[:, None])


def with_own(weights: Tensor) -> Tensor:
    """The rest of each row goes to the receiver's own message, so that every row sums to 1."""
    own = 1 - weights.sum(1)
    weights.diagonal().add_(own)
    return weights


def uniform(here: Tensor) -> Tensor:
    """Weights (devices, devices) of an all-reduce, in float64: 1 / m for each of the m devices that are `here`
    (devices,) bool; 0 for the others, and in their rows."""
    both = here[:, None] & here[None, :]
    return both.double() / max(1, int(here.sum()))
