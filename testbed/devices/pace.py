"""How long every device's local training takes: its profile's time, times what makes it differ.

    t[i, r] = t_i * (straggler_slowdown where i is a straggler) * exp(compute_spread * z[i, r])

t_i is the time that the profile gives, z a standard normal of the device's own stream, r the device's local round.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import LONGEST_S
from testbed.scenario.schema import Devices as Settings
from testbed.seeds import Purpose, generator

BLOCK = 256
"""Local rounds whose factors are drawn at once; part of every result."""

SURELY = 4.0
"""Standard deviations: a factor further out is not counted on."""


class Pace:
    """Training times: a function of device and local round alone, in whatever order they are asked for.

    `profile_ns` (devices,): nanoseconds that each device's profile gives for one local training. Raises UserError
    where a straggler would take longer than 1e6 s.
    """

    def __init__(self, profile_ns: NDArray[np.int64], settings: Settings, seed: int) -> None:
        self.stragglers = stragglers(len(profile_ns), settings.straggler_share, seed)
        self.median_ns = np.where(self.stragglers, profile_ns * settings.straggler_slowdown, profile_ns)
        if self.median_ns.max() > LONGEST_S * 1e9:
            raise UserError(
                f"devices.straggler_slowdown = {settings.straggler_slowdown:g} makes a training last "
                f"{self.median_ns.max() / 1e9:.3g} s of simulated time; at most {LONGEST_S:g} s"
            )
        self._spread, self._seed = settings.compute_spread, seed

    @property
    def shortest_ns(self) -> NDArray[np.float64]:
        """(devices,) what each device's training takes at the least, but for one time in about 30,000."""
        return self.median_ns * float(np.exp(-SURELY * self._spread))

    def round_ns(self, round_: int) -> NDArray[np.int64]:
        """(devices,) nanoseconds of everybody's training in local round `round_`; never 0."""
        return np.array([self.device_ns(device, round_) for device in range(len(self.median_ns))], dtype=np.int64)

    def device_ns(self, device: int, round_: int) -> int:
        """Nanoseconds of the training of one device in its local round `round_`, rounded up; never 0.

        A factor that would make it last longer than any deadline is cut.
        """
        factor = _factors(self._seed, self._spread, device, round_ // BLOCK)[round_ % BLOCK] if self._spread else 1.0
        return max(1, int(np.ceil(min(self.median_ns[device] * factor, LONGEST_S * 1e9))))


def stragglers(devices: int, share: float, seed: int) -> NDArray[np.bool_]:
    """(devices,) who is slow: the nearest whole number to `share` of them, drawn by the seed."""
    slow = np.zeros(devices, dtype=bool)
    slow[generator(seed, Purpose.STRAGGLERS).permutation(devices)[: round(share * devices)]] = True
    return slow


@lru_cache(maxsize=8192)
def _factors(seed: int, spread: float, device: int, block: int) -> NDArray[np.float64]:
    """(BLOCK,) log-normal factors of a device's consecutive local rounds."""
    return np.exp(spread * generator(seed, Purpose.COMPUTE, device, block).standard_normal(BLOCK))
