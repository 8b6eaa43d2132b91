"""Messages, deliveries and sightings that cannot all be true."""

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import NEVER, NOBODY, Deliveries, Outbox, Sightings
from testbed.trace.inspect.delays import ready_ns
from testbed.trace.inspect.problem import Problem, where
from testbed.trace.inspect.spans import Ints, distinct, pair_keys
from testbed.trace.value import Trace, joined

Flags = NDArray[np.bool_]


def event_problems(trace: Trace) -> list[Problem]:
    """Of the tables `messages`, `deliveries` and `sightings`."""
    if not trace.exchanges:
        return []
    exchanges, steps = trace.exchanges, np.arange(len(trace))
    outbox = joined(Outbox, trace.outboxes)
    rows = joined(Deliveries, [exchange.deliveries for exchange in exchanges])
    seen = joined(Sightings, [exchange.sightings for exchange in exchanges])
    of_rows = np.repeat(steps, [len(exchange.deliveries) for exchange in exchanges])
    of_seen = np.repeat(steps, [len(exchange.sightings) for exchange in exchanges])
    of_messages = np.repeat(steps, [len(each) for each in trace.outboxes])
    opened = np.array([exchange.opened_ns for exchange in exchanges])
    closed = np.array([exchange.closed_ns for exchange in exchanges])
    late = (seen.time_ns < opened[of_seen]) | (seen.time_ns > closed[of_seen])
    arrived_outside = rows.arrived & ((rows.arrived_ns < opened[of_rows]) | (rows.arrived_ns > closed[of_rows]))
    # What was sent before the first round, as a window leaves it, has its message elsewhere.
    whole = rows.started_ns >= opened[0]
    return [
        *where("messages", "it is addressed to its own sender", outbox.dst == outbox.src, of_messages),
        *where("messages", "it is ready before its round opens", outbox.ready_ns < opened[of_messages], of_messages),
        *where("deliveries", "it arrives outside its round", arrived_outside, of_rows),
        *where("deliveries", "no message explains it", whole & _unexplained(outbox, rows), of_rows),
        *where("deliveries", "more arrive than were sent", whole & _too_many(outbox, rows), of_rows),
        *where("sightings", "its time lies outside its round", late, of_seen),
        *where("sightings", "a device sees itself", seen.device == seen.neighbour, of_seen),
        *where("sightings", "it says the same as an earlier row", _twice(seen), of_seen),
        *where("sightings", "nobody is seen, and somebody at the same time", _nobody_and_some(seen), of_seen),
    ]


def _unexplained(outbox: Outbox, rows: Deliveries) -> Flags:
    """A delivery that went on the air needs a message of its source, to all or to its destination, that was ready."""
    return np.asarray((rows.started_ns != NEVER) & (ready_ns(outbox, rows) < 0))


def _too_many(outbox: Outbox, rows: Deliveries) -> Flags:
    """The k-th arrival of a pair needs k messages that were ready when it arrived."""
    key = pair_keys(rows.src, rows.dst)
    order = np.lexsort((rows.arrived_ns, ~rows.arrived, key))
    key, arrived, at = key[order], rows.arrived[order], rows.arrived_ns[order]
    first = np.searchsorted(key, key)
    sent = _ready_before(outbox.src, outbox.ready_ns, outbox.dst < 0, rows.src[order], at)
    own = pair_keys(outbox.src, np.maximum(outbox.dst, 0))
    sent = sent + _ready_before(own, outbox.ready_ns, outbox.dst >= 0, key, at)
    found = np.zeros(len(key), bool)
    found[order] = arrived & (np.arange(len(key)) - first + 1 > sent) & (sent > 0)
    return found


def _ready_before(keys: NDArray[np.integer], times: Ints, some: Flags, wanted: NDArray[np.integer], at: Ints) -> Ints:
    """For each `wanted` key, how many of that key's `times` are not after `at`; of `some` of them."""
    _, group = np.unique(np.concatenate([keys[some], wanted]), return_inverse=True)
    instants = distinct(times)
    stride, count = len(instants) + 1, int(some.sum())
    asked = group[count:] * stride
    sent = np.sort(group[:count] * stride + np.searchsorted(instants, times[some]))
    upto = np.searchsorted(sent, asked + np.searchsorted(instants, at, "right") - 1, "right")
    return np.asarray(upto - np.searchsorted(sent, asked), np.int64)


def _twice(seen: Sightings) -> Flags:
    order = np.lexsort((np.arange(len(seen)), seen.neighbour, seen.device, seen.time_ns))
    columns = [getattr(seen, name)[order] for name in ("time_ns", "device", "neighbour")]
    found = np.zeros(len(seen), bool)
    found[order[1:]] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return found


def _nobody_and_some(seen: Sightings) -> Flags:
    """Rows that say nobody, of a look in which somebody was seen as well."""
    order = np.lexsort((seen.neighbour, seen.device, seen.time_ns))
    time, device, nobody = seen.time_ns[order], seen.device[order], (seen.neighbour == NOBODY)[order]
    found = np.zeros(len(seen), bool)
    next_is_same = (time[1:] == time[:-1]) & (device[1:] == device[:-1])
    found[order[:-1]] = nobody[:-1] & ~nobody[1:] & next_is_same
    return found
