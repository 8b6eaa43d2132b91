"""How the network's time and memory grow with the number of devices, at a density that stays."""

from contextlib import closing
from typing import Any

import numpy as np

from testbed.bench.airs import Air

DEVICES = (100, 200, 400, 1000)
ROUNDS = 3


def scaling() -> dict[str, Any]:
    """`exponent` of devices in the time of a round, by least squares on logarithms; and the most memory of a worker."""
    rows = {devices: _measure(devices) for devices in DEVICES}
    exponent = float(np.polyfit(np.log(DEVICES), np.log([row["round_s"] for row in rows.values()]), 1)[0])
    peak = max(row["peak_rss_gb"] for row in rows.values())
    return {"exponent": exponent, "peak_rss_gb": peak, **{str(devices): row for devices, row in rows.items()}}


def _measure(devices: int) -> dict[str, float]:
    with closing(Air(devices)) as air:
        rounds = [air.round(number) for number in range(ROUNDS)]
        raw = rounds[-1][0]
        return {
            "round_s": min(seconds for _, seconds in rounds),
            "events": raw["events"] / ROUNDS,
            "degree": float(np.sum(raw["links"]["neighbour"])) / devices,
            "peak_rss_gb": air.peak_rss_gb(),
        }
