"""The hypernetworks of HyperPrism: a small network per device that says with which p it mixes.

Stated by the paper (section 4.2): p = HN(v; psi) of a random embedding v and of the local gradient,
three fully connected layers of 64 nodes, a softmax output layer per part of the model, v and psi both
learnt by gradient descent, never exchanged. Our reading: v has 64 entries, the activation is ReLU, the
gradient enters as log10 of its norm per part, the softmax weighs the candidates P, and the output
layers start so that the mean over the candidates is near a p of choice.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.seeds import Purpose, generator

WIDTH, LAYERS = 64, 3
BREADTH = 2.0
"""Standard deviation, in units of p, of the bell over the candidates that a network starts with."""

HEAD = 0.01
"""Standard deviation of the output layers' weights: small, so that the bias decides the start."""

Networks = dict[str, Tensor]
"""All devices' networks, stacked: v (devices, 64); w0, b0, ... of the layers; head, bias of the outputs."""


def create(devices: int, parts: int, p: float, candidates: Tensor, seed: int) -> Networks:
    """Networks that start at p, within `candidates` (P,), each from the random stream of its device."""
    drawn = [_draw(generator(seed, Purpose.ALGORITHM, device), parts, len(candidates)) for device in range(devices)]
    networks = {name: torch.stack([torch.from_numpy(one[name]) for one in drawn]).float() for name in drawn[0]}
    networks["bias"] = starting_logits(p, candidates).repeat(devices, parts, 1)
    return networks


def logits(networks: Networks, signal: Tensor) -> Tensor:
    """Outputs before the softmax (devices, parts, candidates), for `signal` (devices, parts): log10 |g|."""
    values = torch.cat([networks["v"], signal], 1)[:, None]
    for layer in range(LAYERS):
        values = torch.relu(torch.baddbmm(networks[f"b{layer}"], values, networks[f"w{layer}"]))
    return torch.einsum("dow,dpwc->dpc", values, networks["head"]) + networks["bias"]


def expected(networks: Networks, signal: Tensor, candidates: Tensor) -> Tensor:
    """p as the mean over the candidates (devices, parts): p = sum_k pi_k P_k, pi = softmax(logits)."""
    return (logits(networks, signal).softmax(-1) * candidates).sum(-1).clamp(candidates[0], candidates[-1])


def likeliest(networks: Networks, signal: Tensor, candidates: Tensor) -> Tensor:
    """p as the candidate of the largest logit (devices, parts)."""
    return candidates[logits(networks, signal).argmax(-1)]


def descend(networks: Networks, signal: Tensor, candidates: Tensor, derivative: Tensor, lr: Tensor) -> Networks:
    """One step down sum(derivative * p) in v and psi, with `derivative` (devices, parts) = df/dp (eq. 9 to 12).

    lr: (devices, 1).
    """
    with torch.enable_grad():
        leaves = {name: tensor.detach().requires_grad_() for name, tensor in networks.items()}
        descent = (derivative * expected(leaves, signal, candidates)).sum()
        gradients = torch.autograd.grad(descent, list(leaves.values()))
    pairs = zip(leaves, gradients, strict=True)
    return {name: networks[name] - lr.view(-1, *[1] * (slope.ndim - 1)) * slope for name, slope in pairs}


def starting_logits(p: float, candidates: Tensor) -> Tensor:
    """(candidates,): a bell of BREADTH over the candidates, placed so that their mean is p."""
    low, high = float(candidates[0]) - 101.0, float(candidates[-1]) + 101.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = float((_bell(middle, candidates).softmax(-1) * candidates).sum())
        low, high = (middle, high) if mean < p else (low, middle)
    return _bell(low, candidates).float()


def _bell(centre: float, candidates: Tensor) -> Tensor:
    return -((candidates.double() - centre) ** 2) / (2 * BREADTH**2)


def _draw(random: np.random.Generator, parts: int, candidates: int) -> dict[str, NDArray[np.float64]]:
    """One device's v and layers; uniform within 1/sqrt(inputs), as PyTorch starts a linear layer."""
    network = {"v": random.standard_normal(WIDTH)}
    for layer in range(LAYERS):
        inputs = WIDTH + parts if layer == 0 else WIDTH
        bound = 1 / math.sqrt(inputs)
        network[f"w{layer}"] = random.uniform(-bound, bound, (inputs, WIDTH))
        network[f"b{layer}"] = random.uniform(-bound, bound, (1, WIDTH))
    network["head"] = random.normal(0, HEAD, (parts, WIDTH, candidates))
    return network
