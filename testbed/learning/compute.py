"""How long devices compute: profiles of their speed and power, and the time of local training that follows.

A profile's `flops_per_s` is what small training batches in float32 are assumed to get of the device; its
`source` says which figure somebody measured and what we assume beyond it. Where only double-precision
Linpack was measured it is taken as it is: float32 is twice as fast at its peak, but small batches reach far
less of the peak than Linpack does.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import LONGEST_S

WHOLE, ADAPTERS = 3, 2
"""What a training step costs in forward passes. The backward pass has two products for each one of the forward, by the
inputs and by the weights; where weights are frozen, only the first."""


@dataclass(frozen=True)
class Profile:
    """Effective speed (FLOP/s) and power while computing (W) of a kind of device, and where the figures are from."""

    name: str
    flops_per_s: float
    watts: float
    source: str


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            *("raspberry-pi-4", 8e9, 5.4),
            "measured by others: 8 GFLOP/s in HPL, double precision (B. Feiereisen 2022, feiereisen.net/?page_id=924); "
            "5.4 W under high load (chipwired.com/raspberry-pi-power-use)",
        ),
        Profile(
            *("jetson-nano", 59e9, 10.0),
            "assumed: a quarter of the GPU's peak of 236 GFLOP/s in float32 (128 cores, 2 FLOP a cycle, 0.92 GHz as "
            "the device itself reports); its 10 W power mode",
        ),
        Profile(
            *("phone", 20e9, 3.0),
            "measured by others: 15 to 30 GFLOP/s in training on the CPUs of Snapdragon 8 phones (Das et al. 2022, "
            "arXiv:2202.10100), of which 20 is our choice; about 3 W is what a phone can get rid of for long "
            "(P. Warden 2015, petewarden.com, on the book Smartphone Energy Consumption)",
        ),
        Profile(
            *("laptop", 100e9, 45.0),
            "measured by others: 100 GFLOP/s in HPL, double precision, on a Core i7-6820HQ "
            "(kreier.github.io/benchmark/LinpackDP); assumed: that processor's rated 45 W",
        ),
    )
}


def profile_of(name: str) -> Profile:
    """The profile `name`. Raises UserError for any other name, with the nearest."""
    if name not in PROFILES:
        near = difflib.get_close_matches(name, PROFILES, n=1, cutoff=0.0)[0]
        known = ", ".join(PROFILES)
        raise UserError(f"devices.profile = {name!r} is not a profile; did you mean {near!r}? There are {known}")
    return PROFILES[name]


def profiles_of(names: str | Sequence[str], devices: int) -> list[Profile]:
    """The profile of each device: one for all, or several dealt out in turn."""
    given = [names] if isinstance(names, str) else list(names)
    if not given:
        raise UserError("devices.profile is an empty list; allowed is a profile or a list of one or more")
    found = [profile_of(name) for name in given]
    return [found[device % len(found)] for device in range(devices)]


def compute_ns(
    names: str | Sequence[str], devices: int, samples: int, flops_per_sample: float, passes: int = WHOLE
) -> NDArray[np.int64]:
    """Nanoseconds (devices,) in which each device trains on `samples` samples, rounded up, at least 1.

    `flops_per_sample` are those of the forward pass; training takes `passes` times as many. Raises UserError for an
    unknown profile, for no samples or no FLOPs (no time is ever silently zero), and for times beyond 1e6 s.
    """
    work = passes * float(samples) * float(flops_per_sample)
    if not 0 < work < float("inf"):
        raise UserError(
            f"training {samples} samples of {flops_per_sample} FLOPs takes no time that can be told; "
            f"allowed are finite numbers above 0"
        )
    seconds = np.array([work / profile.flops_per_s for profile in profiles_of(names, devices)])
    if seconds.max(initial=0.0) > LONGEST_S:
        raise UserError(
            f"a round of training would take {seconds.max():.3g} s of simulated time; at most {LONGEST_S:g} s"
        )
    return np.maximum(np.ceil(seconds * 1e9), 1).astype(np.int64)
