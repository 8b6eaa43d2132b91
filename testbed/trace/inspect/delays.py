"""How long deliveries took."""

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Deliveries, Outbox
from testbed.trace.inspect.spans import Ints, Reals
from testbed.trace.value import Trace, joined


def delays_s(trace: Trace) -> Reals:
    """One value per delivery, in order of the rounds: seconds from the message's `ready_ns` until it was whole at its
    destination; NaN where it did not arrive."""
    rows = joined(Deliveries, [exchange.deliveries for exchange in trace.exchanges])
    ready = ready_ns(joined(Outbox, trace.outboxes), rows)
    return np.where(rows.arrived & (ready >= 0), (rows.arrived_ns - ready) / 1e9, np.nan)


def delivered_share(trace: Trace) -> float:
    """Share of the deliveries that arrived; NaN without any."""
    arrived = np.concatenate([np.zeros(0), *(exchange.deliveries.arrived for exchange in trace.exchanges)])
    return float(arrived.mean()) if len(arrived) else float("nan")


def ready_ns(outbox: Outbox, deliveries: Deliveries) -> Ints:
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


def _latest(keys: NDArray[np.integer], times: Ints, wanted: NDArray[np.integer], before: Ints) -> Ints:
    """For each `wanted` key, the latest of that key's `times` that is not after `before`, or -1."""
    key, time = np.concatenate([keys, wanted]), np.concatenate([times, before])
    is_asked = np.arange(len(key)) >= len(keys)
    order = np.lexsort([is_asked, time, key])
    last = np.maximum.accumulate(np.where(is_asked[order], -1, np.arange(len(order))))
    fits = (last >= 0) & (key[order][last] == key[order])
    answers = np.empty(len(order), np.int64)
    answers[order] = np.where(fits, time[order][last], -1)
    return answers[len(keys) :]
