"""Where devices are, as far as Python decides it: drawn from the seed, whatever else happens in a run."""

import numpy as np
from numpy.typing import NDArray

from testbed.scenario.schema import Network as Settings
from testbed.seeds import Purpose, generator


def positions(devices: int, seed: int, settings: Settings, side_m: float, round_: int) -> NDArray[np.float64]:
    """x, y of one device after the other, metres; nothing where devices move by themselves."""
    if settings.mobility == "random-waypoint":
        return np.empty(0)
    draw = 0 if settings.mobility == "static" else round_
    return generator(seed, Purpose.POSITIONS, draw).uniform(0, side_m, 2 * devices)
