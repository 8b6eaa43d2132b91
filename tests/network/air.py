"""What tests of the live air share: frames by the standard, messages, who hears whom."""

from typing import Any

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, Outbox

SECOND = 1_000_000_000
HEADER = 21
"""Bytes of ours at the head of a data frame that lists no devices."""

BITS_PER_SYMBOL = {6: 24, 9: 36, 12: 48, 18: 72, 24: 96, 36: 144, 48: 192, 54: 216}
HEARD_DB, DEAF_DB = 60.0, 200.0

TRANSPORTS: dict[str, dict[str, Any]] = {
    "fountain": {"repair": "fountain"},
    "nack": {"repair": "nack"},
    "none": {"repair": "none"},
    "unicast": {"transport": "unicast"},
    "tcp": {"transport": "tcp"},
}


def ppdu_ns(mbps: int, mac_bytes: int) -> int:
    """How long a frame lasts that has so many bytes, MAC header and FCS among them: IEEE 802.11-2020, 17.4.3."""
    return 1000 * (16 + 4 + 4 * -(-(16 + 8 * mac_bytes + 6) // BITS_PER_SYMBOL[mbps]))


def frame_ns(mbps: int, size: int) -> int:
    """The same for a frame with `size` bytes of ours: MAC header 24, LLC/SNAP 8, FCS 4."""
    return ppdu_ns(mbps, 24 + 8 + 4 + size)


def everyone(devices: int, size: int = 5000, ready_ns: int = 0) -> Outbox:
    return Outbox(np.arange(devices), [ALL_NEIGHBOURS] * devices, [size] * devices, [ready_ns] * devices)


def only(src: int, size: int, ready_ns: int = 0) -> Outbox:
    return Outbox([src], [ALL_NEIGHBOURS], [size], [ready_ns])


def pairs_that_hear(devices: int, *pairs: tuple[int, int]) -> dict[str, Any]:
    """A loss table under which `dst` hears `src` for the given (src, dst) and nobody hears anybody else."""
    losses = [[DEAF_DB] * devices for _ in range(devices)]
    for src, dst in pairs:
        losses[src][dst] = HEARD_DB
    return {"model": "ns3::MatrixPropagationLossModel", "losses_db": losses}


def both_ways(devices: int, *pairs: tuple[int, int]) -> dict[str, Any]:
    return pairs_that_hear(devices, *pairs, *[(b, a) for a, b in pairs])


def star(devices: int) -> dict[str, Any]:
    """The leaves hear device 0 alone: to it they are hidden terminals."""
    return both_ways(devices, *[(0, leaf) for leaf in range(1, devices)])
