"""How long a frame lasts and when it is lost: 802.11a where the trace was recorded over it, else bytes over rate.

Powers are ratios to the noise floor, so that a power is the SNR it gives in clean air.
"""

import math
from dataclasses import dataclass
from typing import Any

SLOT_NS, SIFS_NS, DIFS_NS = 9_000, 16_000, 34_000
EIFS_NS = SIFS_NS + 44_000 + DIFS_NS
"""After a frame that was not understood: room for an ACK at 6 Mb/s (IEEE 802.11-2020, 10.3.7)."""

WINDOW = 16
"""Back-off slots are drawn from 0 to WINDOW - 1."""

ACCESS_NS = DIFS_NS + (WINDOW - 1) * SLOT_NS // 2
DETECTION_NS, PREAMBLE_NS = 4_000, 20_000
"""Until a receiver knows that a frame began; until its payload begins."""

MAC_BYTES = 24 + 8 + 4
"""MAC header, LLC/SNAP and FCS."""

NOISE_DBM = -93.97
"""Thermal noise of 20 MHz at 290 K and a noise figure of 7 dB."""

NOTICED, DETECTED = (10 ** ((dbm - NOISE_DBM) / 10) for dbm in (-101.0, -82.0))
"""What disturbs at all, and what is detected as a frame, or takes the air without being one."""

DETECTED_SINR = 10**0.4
NOMINAL = 1e3
"""Power of every link whose signal is not known: none is stronger than another, and what overlaps is lost."""

BITS_PER_SYMBOL = {6: 24, 9: 36, 12: 48, 18: 72, 24: 96, 36: 144, 48: 192, 54: 216}
HALF_DB = {6: 0.3, 9: 2.2, 12: 3.3, 18: 5.7, 24: 8.9, 36: 12.0, 48: 16.2, 54: 17.5}
"""Mb/s: SNR at which half of the frames of HALF_BYTES are lost, read off ns-3's `TableBasedErrorRateModel`."""

HALF_BYTES = 1458
STEEPNESS = 10.9
"""Power of the SNR by which the rate of errors falls: 2.5 per dB in logarithm, as all eight curves have it nearly."""


@dataclass(frozen=True)
class Radio:
    """Frames of one kind of radio."""

    ofdm: bool
    """802.11a, else one of which nothing is known but its rate."""

    @classmethod
    def of(cls, network: dict[str, Any]) -> "Radio":
        """The radio that the header of a trace states."""
        return cls(network.get("standard") == "802.11a")

    def frame_ns(self, size_bytes: int, rate_bps: int) -> int:
        """Of a frame with so many bytes of ours: IEEE 802.11-2020, 17.4.3, or their bits over the rate."""
        bits_per_symbol = BITS_PER_SYMBOL.get(rate_bps // 1_000_000) if self.ofdm else None
        if bits_per_symbol is None:
            return max(2, -(-size_bytes * 8_000_000_000 // rate_bps))
        return 1000 * (20 + 4 * -(-(16 + 8 * (MAC_BYTES + size_bytes) + 6) // bits_per_symbol))

    def error_scale(self, rate_bps: int) -> float:
        """Errors of a nanosecond at an SINR of 1: (1 / SINR) ** STEEPNESS times this is minus the logarithm of the
        chance to understand it.
        """
        half: float = 10.0 ** (HALF_DB.get(rate_bps // 1_000_000, HALF_DB[24]) / 10)
        return math.log(2) / (8 * HALF_BYTES) * rate_bps / 1e9 * math.pow(half, STEEPNESS)

    def reliable(self, rate_bps: int) -> bool:
        """Whether what is detected in clean air is understood: the rate asks for no more than detection does."""
        return not self.ofdm or HALF_DB.get(rate_bps // 1_000_000, HALF_DB[24]) < HALF_DB[36]
