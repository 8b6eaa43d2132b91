"""How strong frames arrive: from the links of a trace and, where it states them, places and path loss.

A trace lists who understood a hello. Frames that nobody can understand disturb all the same, over four times the
distance, and there are more of them. So where the header states a path loss that distance alone decides, and devices
stand where the trace says, every pair has the power that follows; else those of the links alone.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from testbed.network.links.radio import DETECTED, NOISE_DBM, NOMINAL, NOTICED, Radio
from testbed.network.links.snapshot import Signals
from testbed.network.links.timeline import Now

LOG_DISTANCE = "ns3::LogDistancePropagationLossModel"
STANDING = ("static", "redraw")
"""`mobility` under which devices stay where a round's opening had them."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PathLoss:
    """Power over the noise at a distance: `at_1m` there, falling with distance ** exponent."""

    at_1m: float
    exponent: float

    @classmethod
    def of(cls, network: dict[str, Any]) -> Self | None:
        """As the header of a trace has it; None where it is of another kind, or none is stated."""
        loss: Any = network.get("loss")
        models: Any = (
            [{"model": LOG_DISTANCE}] if loss == "log-distance" else [loss] if isinstance(loss, dict) else loss
        )
        plain = isinstance(models, list | tuple) and len(models) == 1 and models[0].get("model") == LOG_DISTANCE
        if not plain or network.get("mobility") not in STANDING or not Radio.of(network).ofdm:
            return None
        attributes = {"Exponent": 3.0, "ReferenceLoss": 46.6777, "ReferenceDistance": 1.0} | models[0]
        exponent, loss_db, metres = (
            float(attributes[key]) for key in ("Exponent", "ReferenceLoss", "ReferenceDistance")
        )
        ratio_db = network["tx_power_dbm"] - loss_db - NOISE_DBM
        return cls(10 ** (ratio_db / 10) * metres**exponent, exponent) if exponent > 0 else None

    def pairs(self, x_m: Array, y_m: Array) -> tuple[NDArray[np.int64], Array]:
        """(pairs, 2) devices, the lower first, that notice each other, and with which power."""
        places = np.column_stack([x_m, y_m])
        radius_m = (self.at_1m / NOTICED) ** (1 / self.exponent)
        pairs = cKDTree(places).query_pairs(radius_m, output_type="ndarray").astype(np.int64)
        metres = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
        return pairs, self.at_1m * np.maximum(metres, 1e-3) ** -self.exponent


def signals(now: Now, radio: Radio, loss: PathLoss | None, here: NDArray[np.bool_]) -> Signals:
    """Who notices whose frames among the devices that are `here`."""
    links, devices = now.links, len(here)
    known = np.isfinite(links.snr_db) & radio.ofdm
    with np.errstate(invalid="ignore"):
        power = np.where(known, np.maximum(10 ** (links.snr_db / 10), DETECTED), NOMINAL)
    delivery = np.where(known, 1.0, links.delivery)  # over 802.11a the SNR says it; the hellos were disturbed as well
    src, dst = links.src.astype(np.int64), links.dst.astype(np.int64)
    if loss is not None and np.isfinite([now.x_m, now.y_m]).all():
        pairs, strength = loss.pairs(now.x_m, now.y_m)
        far = np.concatenate([pairs, pairs[:, ::-1]])
        src, dst, delivery = *far.T, np.ones(len(far))
        power = _raised(np.tile(strength, 2), src * devices + dst, links.src.astype(np.int64) * devices + links.dst)
    kept = here[src] & here[dst]
    return Signals(src[kept], dst[kept], power[kept], delivery[kept])


def _raised(power: Array, pairs: NDArray[np.int64], linked: NDArray[np.int64]) -> Array:
    """Where a hello was understood, the power is what that takes at the least."""
    return np.where(np.isin(pairs, linked), np.maximum(power, DETECTED), power)
