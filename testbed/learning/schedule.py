"""The learning rate over the rounds.

With lr eta, R rounds, the first w of them warm-up, and round t counted from 0:

    t < w      eta (t + 1) / w                           (gradual warm-up: Goyal et al. 2017, section 2.2)
    constant   eta
    cosine     eta (1 + cos(pi (t - w) / (R - w))) / 2   (Loshchilov and Hutter 2017, eq. 5, down to 0, no restart)
    step       eta decay^n, n being the number of decay rounds up to t
"""

import math
from bisect import bisect_right

from testbed.scenario.schema import Algorithm


def lr_at(settings: Algorithm, rounds: int, round_: int) -> float:
    """The learning rate of round `round_`, from 0, of `rounds`.

    Devices that train each at its own time may come beyond the last round: `cosine` then stays at its last value.
    """
    warmup = settings.warmup_rounds
    if round_ < warmup:
        return settings.lr * (round_ + 1) / warmup
    if settings.schedule == "cosine":
        last = max(rounds - 1, warmup)
        return settings.lr * (1 + math.cos(math.pi * (min(round_, last) - warmup) / (last + 1 - warmup))) / 2
    if settings.schedule == "step":
        return settings.lr * settings.decay ** bisect_right(settings.decay_rounds, round_)
    return settings.lr
