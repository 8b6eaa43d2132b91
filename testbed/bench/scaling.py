"""How the network's time and memory grow with the number of devices, at a density that stays."""

import math
from contextlib import closing
from typing import Any

import numpy as np

from testbed.bench.airs import Air

DEVICES = (100, 200, 400, 1000)
ROUNDS = 2


def scaling() -> dict[str, Any]:
    """`exponent`: of devices, in the time of a round, from the fewest to the most; and the most memory of a worker."""
    rows = {devices: _measure(devices) for devices in DEVICES}
    few, many = DEVICES[0], DEVICES[-1]
    exponent = math.log(rows[many]["round_s"] / rows[few]["round_s"]) / math.log(many / few)
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
