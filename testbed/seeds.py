"""Randomness by purpose: every stream comes from the scenario's seed, a purpose and its coordinates.

No stream depends on how often another was drawn from, so positions do not depend on traffic and a
resumed round draws what it would have drawn in an unbroken run.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every result: add new ones, never renumber."""

    POSITIONS = 1
    RADIO = 2
    GRAPH = 3
    PARTITION = 4
    MODEL = 5
    BATCHES = 6
    ALGORITHM = 7
    STRAGGLERS = 8
    COMPUTE = 9
    CHURN = 10
    NODES = 11
    """Which nodes of a trace become the devices."""
    LINKS = 12
    """Frames and pauses in a replay of links."""
    MEETINGS = 20
    MATCHING = 21
    """Which links of a round's graph are matched."""
    EPIDEMIC = 22
    """Who sends to whom in Epidemic Learning."""
    COMPRESSION = 23
    """Draws of what is left out or rounded of a message."""
    ADAPTERS = 30
    """How LoRA's A begins."""
    RANKS = 31
    """Draws of a policy on ranks."""
    PERTURBATION = 32
    """Noise on weights while gradients are taken."""
    SWEEP = 40
    """Values that a sweep draws."""


def generator(seed: int, purpose: Purpose, *coordinates: int) -> np.random.Generator:
    """A numpy generator for `purpose` at `coordinates` (a round, a device, ...), all non-negative."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, purpose, *coordinates))))


def integer(seed: int, purpose: Purpose, *coordinates: int) -> int:
    """A 63-bit seed for a library that wants one number (torch, ns-3)."""
    state = np.random.SeedSequence((seed, purpose, *coordinates)).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
