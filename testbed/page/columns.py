"""The columns of a replay: a run's rounds, devices, links and messages as small whole numbers.

Times are in ticks since the first round opened.
"""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Exchange
from testbed.report.maps import KINDS, conditions
from testbed.report.places import Graph, Places
from testbed.report.recording import Recording

Columns = dict[str, NDArray[Any]]

TICKS = 1000
"""A median round has at least so many: finer times than a screen can show."""

FINE = 1 << 14
"""Steps of a place along the side of the map; a difference of two fits in 16 bits."""

LARGEST = 127
"""Steps of the size of a message up to that of the largest one."""

SHARE, UNKNOWN = 10_000, -1
"""Accuracies and densities are counted in steps of 1/SHARE; UNKNOWN where there is none."""

STATES = tuple(KINDS)
DELTAS = {"opened", "closed", "x", "y", "start", "src", "dst", "two", "one"}
"""Columns whose differences are smaller than they are."""


def tick_ns(recording: Recording) -> int:
    """A power of ten, of which all times of the run are less than 2^30."""
    lasted = [each.closed_ns - each.opened_ns for each in recording.exchanges]
    span = recording.exchanges[-1].closed_ns - recording.exchanges[0].opened_ns
    fine = floor(log10(max(float(np.median(lasted)) / TICKS, 1)))
    coarse = ceil(log10(max(span / 2**30, 1)))
    return int(10 ** max(fine, coarse))


def steady(recording: Recording, tick_ns: int) -> Columns:
    """Columns (rounds,)."""
    exchanges = recording.exchanges
    began_ns = exchanges[0].opened_ns
    arrived = np.array([int(each.deliveries.arrived.sum()) for each in exchanges])
    return {
        "opened": (np.array([each.opened_ns for each in exchanges]) - began_ns) // tick_ns,
        "closed": (np.array([each.closed_ns for each in exchanges]) - began_ns) // tick_ns,
        "arrived": arrived,
        "lost": np.array([len(each.deliveries) for each in exchanges]) - arrived,
        "density": np.rint(SHARE * recording.trace.densities()),
    }


def devices(recording: Recording, graphs: Sequence[Graph], drawn: Places, accuracy: NDArray[Any]) -> Columns:
    """Columns (devices, rounds), as what a device does changes little; `accuracy` (rounds, devices)."""
    low, high = drawn.limits()
    at = (np.stack([drawn.at[round_] for round_ in range(len(graphs))]) - low) / (high - low)
    fine = np.rint(FINE * np.nan_to_num(at).clip(0, 1))
    pairs = zip(recording.exchanges, graphs, strict=True)
    states = np.stack([_codes(conditions(exchange, links)) for exchange, links in pairs])
    known = np.where(np.isfinite(accuracy), np.rint(SHARE * np.nan_to_num(accuracy).clip(0, 1)), UNKNOWN)
    return {"x": fine[..., 0].T, "y": fine[..., 1].T, "condition": states.T, "accuracy": known.T}


def _codes(found: NDArray[np.str_]) -> NDArray[np.int64]:
    return np.array([STATES.index(each) for each in found.tolist()], np.int64)


def messages(recording: Recording, tick_ns: int) -> list[Columns]:
    """For each round those that were on the air and ended in it; what was lost, until the round closed."""
    largest = max(int(each.deliveries.size_bytes.max(initial=1)) for each in recording.exchanges)
    began_ns = recording.exchanges[0].opened_ns
    return [_messages(exchange, began_ns, tick_ns, largest) for exchange in recording.exchanges]


def _messages(exchange: Exchange, began_ns: int, tick_ns: int, largest: int) -> Columns:
    rows = exchange.deliveries.pick(np.flatnonzero(exchange.deliveries.started_ns >= 0))
    end_ns = np.where(rows.arrived, rows.arrived_ns, exchange.closed_ns)
    start, end = (rows.started_ns - began_ns) // tick_ns, (end_ns - began_ns) // tick_ns
    size = np.rint(LARGEST * (rows.size_bytes / largest))
    return {"start": start, "lasted": end - start, "src": rows.src, "dst": rows.dst, "size": size, "fate": rows.cause}


def in_order(rows: Sequence[Columns], chosen: range) -> Columns:
    """The messages of some rounds, in order of their start."""
    whole = {name: np.concatenate([rows[round_][name] for round_ in chosen] or [rows[0][name][:0]]) for name in rows[0]}
    order = np.lexsort((whole["dst"], whole["src"], whole["start"]))
    return {name: values[order] for name, values in whole.items()}


def links(graphs: Sequence[Graph], chosen: range, devices: int) -> Columns:
    """Pairs as src * devices + dst, round by round, and how many a round has."""
    columns: Columns = {}
    for name, found in (("two", [each.two_way for each in graphs]), ("one", [each.one_way for each in graphs])):
        kept = [pairs if round_ in chosen else pairs[:0] for round_, pairs in enumerate(found)]
        codes = np.concatenate(kept).astype(np.int64)
        columns |= {f"{name}_count": np.array([len(each) for each in kept]), name: codes @ np.array([devices, 1])}
    return columns
