"""The side of the square that gives a wanted density, found by listening: hello rounds of the run's own radios.

The probes use the seed and, where devices do not move by themselves, the positions of the run's first rounds; a square
of another side is the same draw, scaled. So density falls with the side but for what hellos lose by chance.
A movement trace is listened to at equal intervals of its whole time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.network.engine import world_settings
from testbed.network.positions import courses, own_side_m, positions
from testbed.network.process import Worker
from testbed.scenario import Scenario
from testbed.scenario.schema import Network as Settings

PLACES, FEWEST, MOST = 200, 4, 10
"""Behind one density, where positions change: hello rounds for PLACES devices in all, from FEWEST to MOST."""

PROBE_EVERY_NS = 20_000_000_000
"""Time between probes of devices that move by themselves, so that they meet in another arrangement."""

CLOSE, NEAR = 0.004, 0.02
"""The search stops this close to the wanted density; a result further off than NEAR is an error."""

SHORTEST_M, LONGEST_M, START_M = 1.0, 100_000.0, 100.0
STEPS = 12


@dataclass(frozen=True)
class Found:
    """A side length and the density that it gave."""

    side_m: float
    density: float


def side_for(scenario: Scenario, worker: Worker) -> float:
    """Side in metres: as stated, or as the file of the places has it, or as `network.density` needs it.

    One device has no links, hence no density: for it any side is as good as another.
    Raises UserError where no side length reaches the density, and for places that cannot be.
    """
    devices, settings = scenario.devices.count, scenario.network
    own_m = own_side_m(devices, settings)
    if settings.side_m is not None:
        return settings.side_m
    if settings.density is None and own_m is not None:
        return own_m
    if devices == 1:
        return START_M
    probes = 1 if settings.mobility == "static" else min(max(FEWEST, PLACES // devices), MOST)
    step = 1 / (probes * devices * (devices - 1) / 2)
    return search(settings.wanted_density, lambda side: measure(scenario, side, worker, probes), step)


def measure(scenario: Scenario, side_m: float, worker: Worker, probes: int) -> float:
    """Mean density of the first `probes` rounds in which nobody has anything to send."""
    devices, settings = scenario.devices.count, scenario.network
    worker.request("open", world_settings(scenario, side_m))
    hello_ns = round(settings.hello_s * 1e9)
    ids, numbers = np.empty(0, np.int32), np.empty(0, np.int64)
    nothing: tuple[Any, ...] = (ids, ids, numbers, numbers, 0, ids, numbers, numbers)
    links, every_ns = 0, _every_ns(devices, settings, probes)
    for probe in range(probes):
        opened_ns = probe * (hello_ns + every_ns)
        place = positions(devices, scenario.run.seed, settings, side_m, probe)
        raw = worker.request("round", probe, opened_ns, opened_ns + 2 * hello_ns, place, *nothing)
        links += int(raw["links"]["neighbour"].sum())
    return links / (probes * devices * (devices - 1))


def _every_ns(devices: int, settings: Settings, probes: int) -> int:
    """Quiet time between probes."""
    if settings.mobility != "ns2":
        return PROBE_EVERY_NS
    lasts_s = max(float(legs[-1, 0]) for legs in courses(devices, settings, 1.0))
    return round(lasts_s / probes * 1e9)


def search(wanted: float, density_at: Callable[[float], float], step: float) -> float:
    """The side at which `density_at` is `wanted`, within NEAR or the `step` that so few pairs allow.

    The logarithm of the side is bracketed by doubling, then narrowed by interpolation that keeps away from the ends.
    """
    seen: list[Found] = []

    def probe(side_m: float) -> Found:
        seen.append(Found(side_m, density_at(side_m)))
        return seen[-1]

    small, large = _bracket(wanted, probe)
    for _ in range(STEPS):
        best = min(seen, key=lambda found: abs(found.density - wanted))
        if abs(best.density - wanted) <= CLOSE or small.density < wanted or large.density > wanted:
            break
        middle = probe(_between(small, large, wanted))
        small, large = (middle, large) if middle.density >= wanted else (small, middle)
    best = min(seen, key=lambda found: abs(found.density - wanted))
    if abs(best.density - wanted) > max(NEAR, step):
        raise UserError(_unreachable(wanted, best, seen))
    return best.side_m


def _bracket(wanted: float, probe: Callable[[float], Found]) -> tuple[Found, Found]:
    """A side with at least the density and one with less, as far as the sides go."""
    small = large = probe(START_M)
    while small.density < wanted and small.side_m > SHORTEST_M:
        small, large = probe(max(small.side_m / 2, SHORTEST_M)), small
    while large.density >= wanted and large.side_m < LONGEST_M:
        small, large = large, probe(min(large.side_m * 2, LONGEST_M))
    return small, large


def _between(small: Found, large: Found, wanted: float) -> float:
    share = (small.density - wanted) / (small.density - large.density)
    return small.side_m * math.pow(large.side_m / small.side_m, min(max(share, 0.1), 0.9))


def _unreachable(wanted: float, best: Found, seen: list[Found]) -> str:
    small, large = (f(seen, key=lambda found: found.side_m) for f in (min, max))
    return (
        f"network.density = {wanted:g} is not reached by any side length: the nearest is {best.density:.3f} at "
        f"{best.side_m:.1f} m; tried were sides from {small.side_m:.1f} m, which gives {small.density:.3f}, "
        f"to {large.side_m:.1f} m, which gives {large.density:.3f}. State network.side_m, or another density, mobility "
        "or loss."
    )
