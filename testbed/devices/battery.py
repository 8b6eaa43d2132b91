"""What devices have left of the energy they began with."""

import numpy as np
from numpy.typing import NDArray

Energy = NDArray[np.float64]


class Battery:
    """`capacity_j` for every device, or None: mains, that never end. What was used is kept by the caller."""

    def __init__(self, capacity_j: float | None) -> None:
        self._capacity_j = np.inf if capacity_j is None else capacity_j

    def used(self, before_j: Energy, radio_j: Energy, compute_j: Energy) -> Energy:
        """(devices,) energy used so far. Where there is no radio (NaN) only computing counts."""
        return before_j + np.where(np.isnan(radio_j), 0.0, radio_j) + compute_j

    def left_j(self, used_j: Energy) -> Energy:
        """(devices,) what is left, never below 0; NaN without a battery."""
        left = np.maximum(self._capacity_j - used_j, 0.0)
        return left if np.isfinite(self._capacity_j) else np.full_like(used_j, np.nan)

    def empty(self, used_j: Energy) -> NDArray[np.bool_]:
        """(devices,) whose battery is used up."""
        return np.greater_equal(used_j, self._capacity_j)
