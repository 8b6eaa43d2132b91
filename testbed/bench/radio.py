"""Whether the radio is 802.11a's: saturated senders against the standard's arithmetic and Bianchi's model.

One sender: a frame takes DIFS, the mean back-off, its own time, and for unicast SIFS and ACK (IEEE 802.11-2020, 17.4.3
and table 17-21). Several in one cell: G. Bianchi, "Performance analysis of the IEEE 802.11 distributed coordination
function", 2000, equations 7, 9, 13 and 14, with the standard's times and nothing fitted.
"""

import math
from contextlib import closing
from typing import Any

import numpy as np

from testbed.network.engine import world_settings
from testbed.network.process import Worker
from testbed.scenario import parse

BITS_PER_SYMBOL = {6: 24, 9: 36, 12: 48, 18: 72, 24: 96, 36: 144, 48: 192, 54: 216}
SLOT_US, SIFS_US, DIFS_US = 9, 16, 34
WINDOW, DOUBLINGS = 16, 6
"""Back-off slots of a first attempt, and how often a failure doubles them (CWmin 15, CWmax 1023)."""

MAC_BYTES, ACK_BYTES = 24 + 8 + 4, 14
PAYLOAD_BYTES = 1400
RADIUS_M = 5.0
SINGLE_S, CELL_S, CELL_MBPS, CELLS = 4.0, 10.0, 24, (2, 5, 10, 20)


def radio() -> dict[str, Any]:
    """Relative errors of simulated frames per second, each rate and number of senders, and the largest of them."""
    single = {cast: {mbps: _single(mbps, cast == "unicast") for mbps in BITS_PER_SYMBOL} for cast in CASTS}
    cells = {senders: _cell(senders) for senders in CELLS}
    return {
        "single_max_error": max(abs(row["error"]) for rows in single.values() for row in rows.values()),
        "bianchi_max_error": max(abs(row["error"]) for row in cells.values()),
        **{cast: {f"{mbps}Mbps": row for mbps, row in rows.items()} for cast, rows in single.items()},
        "senders": {str(senders): row for senders, row in cells.items()},
    }


CASTS = ("unicast", "broadcast")


def ppdu_us(mac_bytes: int, mbps: int) -> float:
    """How long a frame lasts: preamble, SIGNAL field and the symbols that hold its bits."""
    return 20 + 4 * math.ceil((16 + 8 * mac_bytes + 6) / BITS_PER_SYMBOL[mbps])


def ack_us(mbps: int) -> float:
    """ACKs go at the highest mandatory rate that is not above the data's."""
    return ppdu_us(ACK_BYTES, max(rate for rate in (6, 12, 24) if rate <= mbps))


def frame_us(mbps: int, unicast: bool) -> float:
    """Mean time between frames of one saturated sender."""
    backoff = (WINDOW - 1) / 2 * SLOT_US
    answer = SIFS_US + ack_us(mbps) if unicast else 0
    return DIFS_US + backoff + ppdu_us(PAYLOAD_BYTES + MAC_BYTES, mbps) + answer


def attempt(senders: int) -> float:
    """Bianchi's tau, the chance that a sender begins in a given slot: where equations 7 and 9 meet, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        (low, high) = (middle, high) if middle < _tau(1 - (1 - middle) ** (senders - 1)) else (low, middle)
    return low


def _tau(p: float) -> float:
    """Equation 7, in the form that has no gap at p = 1/2: 1 - (2p)^m over 1 - 2p is a geometric sum."""
    return 2 / (WINDOW + 1 + p * WINDOW * sum((2 * p) ** i for i in range(DOUBLINGS)))


def cell_frames_per_s(senders: int, mbps: int) -> float:
    """Equations 10 to 14: delivered frames over the mean length of a slot, be it empty, a success or a collision."""
    tau = attempt(senders)
    busy, success = 1 - (1 - tau) ** senders, senders * tau * (1 - tau) ** (senders - 1)
    frame = ppdu_us(PAYLOAD_BYTES + MAC_BYTES, mbps)
    good, bad = frame + SIFS_US + ack_us(mbps) + DIFS_US, frame + DIFS_US
    return 1e6 * success / ((1 - busy) * SLOT_US + success * good + (busy - success) * bad)


def simulated_frames_per_s(senders: int, mbps: int, unicast: bool, seconds: float) -> float:
    """Frames that come to device 0 from saturated devices around it, all as near."""
    angles = 2 * np.pi * np.arange(senders) / senders
    circle = RADIUS_M * np.column_stack([np.cos(angles), np.sin(angles)])
    positions = np.vstack([[0.0, 0.0], circle]).ravel()
    network = {"side_m": 50.0, "mobility": "static", "rate": f"{mbps}Mbps"}
    scenario = parse({"devices": {"count": senders + 1}, "network": network})
    with closing(Worker(timeout_s=600)) as worker:
        worker.request("open", world_settings(scenario, 50.0))
        frames = worker.request("saturate", senders, PAYLOAD_BYTES, unicast, round(seconds * 1e9), positions)
    return float(frames / seconds)


def _single(mbps: int, unicast: bool) -> dict[str, float]:
    return _row(1e6 / frame_us(mbps, unicast), simulated_frames_per_s(1, mbps, unicast, SINGLE_S))


def _cell(senders: int) -> dict[str, float]:
    formula = cell_frames_per_s(senders, CELL_MBPS)
    return _row(formula, simulated_frames_per_s(senders, CELL_MBPS, True, CELL_S))


def _row(formula: float, simulated: float) -> dict[str, float]:
    return {"formula": formula, "simulated": simulated, "error": simulated / formula - 1}
