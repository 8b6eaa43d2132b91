"""How long deliveries took, and why the others were lost."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Cause, Deliveries, Outbox, Table
from testbed.report.recording import Reals, Recording, Times

T = TypeVar("T", bound=Table)


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
    rows = _joined([exchange.deliveries for exchange in recording.exchanges])
    round_ = np.repeat(np.arange(len(recording.exchanges)), [len(each.deliveries) for each in recording.exchanges])
    ready = ready_ns(_joined(list(recording.trace.outboxes)), rows)
    whole = np.where(rows.arrived & (ready >= 0), (rows.arrived_ns - ready) / 1e9, np.nan)
    air = np.where(rows.arrived & (rows.started_ns >= 0), (rows.arrived_ns - rows.started_ns) / 1e9, np.nan)
    return Delays(whole, air, round_, rows.cause)


def ready_ns(outbox: Outbox, deliveries: Deliveries) -> Times:
    """When the message of each delivery was ready; -1 where no message fits.

    A delivery does not name its message: it is the last of its source, to all or to its destination, that was ready
    when its first frame went out.
    """
    to_all = outbox.dst < 0
    broadcast = _latest(outbox.src[to_all], outbox.ready_ns[to_all], deliveries.src, deliveries.started_ns)
    width = int(max(outbox.dst.max(initial=0), deliveries.dst.max(initial=0))) + 1
    pairs = (each.src.astype(np.int64) * width + each.dst for each in (outbox, deliveries))
    of_messages, of_deliveries = pairs
    own = _latest(of_messages[~to_all], outbox.ready_ns[~to_all], of_deliveries, deliveries.started_ns)
    return np.maximum(broadcast, own)


def _latest(keys: NDArray[np.integer], times: Times, wanted: NDArray[np.integer], before: Times) -> Times:
    """For each `wanted` key, the latest of that key's `times` that is not after `before`, or -1."""
    key, time = np.concatenate([keys, wanted]), np.concatenate([times, before])
    is_asked = np.arange(len(key)) >= len(keys)
    order = np.lexsort([is_asked, time, key])
    last = np.maximum.accumulate(np.where(is_asked[order], -1, np.arange(len(order))))
    fits = (last >= 0) & (key[order][last] == key[order])
    answers = np.empty(len(order), np.int64)
    answers[order] = np.where(fits, time[order][last], -1)
    return answers[len(keys) :]


def _joined(tables: list[T]) -> T:
    kind = type(tables[0])
    return kind(**{name: np.concatenate([getattr(each, name) for each in tables]) for name in kind.columns()})
