"""How long deliveries took, and why the others were lost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Cause, Deliveries, Outbox
from testbed.report.recording import Reals, Recording, Times
from testbed.trace.inspect.delays import ready_ns
from testbed.trace.value import joined


@dataclass(frozen=True)
class Delays:
    """One value per delivery, in order of the rounds; NaN where it did not arrive."""

    whole_s: Reals
    """From the end of its source's training (the message's `ready_ns`) until it was whole at its destination."""
    air_s: Reals
    """From its first frame on the air."""
    round_: Times
    cause: NDArray[np.uint8]

    @property
    def arrived(self) -> NDArray[np.bool_]:
        return np.equal(self.cause, Cause.ARRIVED)

    @property
    def longest_s(self) -> float:
        """The longest delay; 0 where none is known."""
        found = np.concatenate([self.whole_s, self.air_s])
        return float(found[np.isfinite(found)].max(initial=0))

    @property
    def median_s(self) -> float:
        """Median of `whole_s` over what arrived; NaN where none is known."""
        found = self.whole_s[np.isfinite(self.whole_s)]
        return float(np.median(found)) if len(found) else float("nan")

    def lost_shares(self) -> dict[str, float]:
        """Cause of loss to its share of all deliveries; the largest first."""
        counts = np.bincount(self.cause, minlength=len(Cause))
        lost = sorted((cause for cause in Cause if cause and counts[cause]), key=lambda cause: -counts[cause])
        return {cause.name.lower().replace("_", " "): float(counts[cause] / len(self.cause)) for cause in lost}


def delays(recording: Recording) -> Delays:
    """The delays of all deliveries of a recording."""
    rows = joined(Deliveries, [exchange.deliveries for exchange in recording.exchanges])
    round_ = np.repeat(np.arange(len(recording.exchanges)), [len(each.deliveries) for each in recording.exchanges])
    ready = ready_ns(joined(Outbox, recording.trace.outboxes), rows)
    whole = np.where(rows.arrived & (ready >= 0), (rows.arrived_ns - ready) / 1e9, np.nan)
    air = np.where(rows.arrived & (rows.started_ns >= 0), (rows.arrived_ns - rows.started_ns) / 1e9, np.nan)
    return Delays(whole, air, round_, rows.cause)
