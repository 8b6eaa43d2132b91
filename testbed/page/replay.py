"""What a page replays: places, links, messages and accuracies of a run over simulated time, as small whole numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Cause
from testbed.page.packed import packed
from testbed.report.events import has_events
from testbed.report.maps import KINDS, conditions
from testbed.report.places import Graph, graph, hello_share, places
from testbed.report.recording import Recording

Ints = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

TICKS = 1000
"""A median round has at least so many: finer times than a screen can show."""

FINE = 1 << 14
"""Steps of a place along the side of the map; a difference of two fits in 16 bits."""

LARGEST = 127
"""Steps of the size of a message up to that of the largest one."""

SHARE, UNKNOWN = 10_000, -1
"""Accuracies and densities are counted in steps of 1/SHARE; UNKNOWN where there is none."""

MESSAGE_BYTES, LINK_BYTES = 2_600_000, 800_000
"""Of the page, for messages and for links; where they are more, only those of some rounds are in it."""

STATES = tuple(KINDS)
DELTAS = {"opened", "closed", "x", "y", "start", "src", "dst", "two", "one"}


@dataclass(frozen=True)
class Replay:
    """What static/network.js reads, and what there is to say beside it."""

    data: dict[str, Any]
    """JSON values."""
    notes: list[str]
    """Sentences on what is not drawn as it was, or not at all."""
    signs: frozenset[str]
    """What occurs: states of devices, link, one (one way), flying, arrived, lost."""
    extremes: tuple[float, float] | None
    """The lowest and the highest accuracy of a device; None where none was measured."""


def replay(recording: Recording, accuracy: NDArray[np.float64]) -> Replay:
    """The replay of a recording; `accuracy` (rounds, devices), NaN where none was measured."""
    tick_ns, rounds = _tick_ns(recording), len(recording.exchanges)
    drawn, share = places(recording, range(rounds)), hello_share(recording)
    graphs = [graph(exchange, share) for exchange in recording.exchanges]
    low, high = drawn.limits()
    at = np.stack([drawn.at[round_] for round_ in range(rounds)])
    word = "period" if has_events(recording.folder) else "round"
    jumps = not drawn.said and recording.trace.header.network.get("mobility") == "redraw"
    glides = not drawn.said and not jumps and bool((at != at[0]).any())
    steady = _steady(recording, tick_ns) | _devices(recording, graphs, (at - low) / (high - low), accuracy)
    largest = max(int(each.deliveries.size_bytes.max(initial=1)) for each in recording.exchanges)
    parts, notes = [packed(steady, DELTAS)], _notes(drawn.said, glides, word)
    rows = [_messages(recording, round_, tick_ns, largest) for round_ in range(rounds)]
    every: dict[str, int] = {}
    for what, budget, merge in (
        ("links", LINK_BYTES, lambda chosen: _links(graphs, chosen, recording.devices)),
        ("messages", MESSAGE_BYTES, lambda chosen: _in_order(rows, chosen)),
    ):
        every[what], part = _fitting(merge, rounds, budget)
        parts.append(part)
        if every[what] != 1:
            notes.append(_left_out(what, word, every[what]))
    data = {
        "devices": recording.devices,
        "rounds": rounds,
        "word": word,
        "tick_s": tick_ns / 1e9,
        "side_m": None if drawn.said else float((high - low)[0]),
        "glides": glides,
        "redraws": jumps,
        "states": STATES,
        "share": SHARE,
        "fine": FINE,
        "largest": LARGEST,
        "every": every,
        "parts": parts,
    }
    known = accuracy[np.isfinite(accuracy)]
    extremes = (float(known.min()), float(known.max())) if len(known) else None
    return Replay(data, notes, _signs(steady, graphs, rows), extremes)


def _signs(steady: Columns, graphs: Sequence[Graph], rows: Sequence[Columns]) -> frozenset[str]:
    fates = np.concatenate([each["fate"] for each in rows])
    occur = {
        "link": any(len(each.two_way) for each in graphs),
        "one": any(len(each.one_way) for each in graphs),
        "flying": bool(len(fates)),
        "arrived": bool((fates == Cause.ARRIVED).any()),
        "lost": bool((fates != Cause.ARRIVED).any()),
    }
    states = {STATES[code] for code in np.unique(steady["condition"]).tolist()}
    return frozenset({sign for sign, does in occur.items() if does} | states)


def _tick_ns(recording: Recording) -> int:
    """A power of ten, of which all times of the run are less than 2^30."""
    lasted = [each.closed_ns - each.opened_ns for each in recording.exchanges]
    span = recording.exchanges[-1].closed_ns - recording.exchanges[0].opened_ns
    fine = floor(log10(max(float(np.median(lasted)) / TICKS, 1)))
    coarse = ceil(log10(max(span / 2**30, 1)))
    return int(10 ** max(fine, coarse))


def _steady(recording: Recording, tick_ns: int) -> Columns:
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


def _devices(recording: Recording, graphs: Sequence[Graph], at: NDArray[Any], accuracy: NDArray[Any]) -> Columns:
    """Columns (devices, rounds), as what a device does changes little; `at` (rounds, devices, 2) within 0 to 1."""
    pairs = zip(recording.exchanges, graphs, strict=True)
    states = np.stack([_codes(conditions(exchange, links)) for exchange, links in pairs])
    known = np.where(np.isfinite(accuracy), np.rint(SHARE * np.nan_to_num(accuracy).clip(0, 1)), UNKNOWN)
    fine = np.rint(FINE * np.nan_to_num(at).clip(0, 1))
    return {"x": fine[..., 0].T, "y": fine[..., 1].T, "condition": states.T, "accuracy": known.T}


def _codes(found: NDArray[np.str_]) -> Ints:
    return np.array([STATES.index(each) for each in found.tolist()], np.int64)


def _messages(recording: Recording, round_: int, tick_ns: int, largest: int) -> Columns:
    """Those that were on the air and ended in a round; what was lost, until the round closed."""
    exchange, began_ns = recording.exchanges[round_], recording.exchanges[0].opened_ns
    rows = exchange.deliveries.pick(np.flatnonzero(exchange.deliveries.started_ns >= 0))
    end_ns = np.where(rows.arrived, rows.arrived_ns, exchange.closed_ns)
    start, end = (rows.started_ns - began_ns) // tick_ns, (end_ns - began_ns) // tick_ns
    return {
        "start": start,
        "lasted": end - start,
        "src": rows.src,
        "dst": rows.dst,
        "size": np.rint(LARGEST * (rows.size_bytes / largest)),
        "fate": rows.cause,
    }


def _in_order(rows: Sequence[Columns], chosen: range) -> Columns:
    """The messages of some rounds, in order of their start."""
    whole = {name: np.concatenate([rows[round_][name] for round_ in chosen] or [rows[0][name][:0]]) for name in rows[0]}
    order = np.lexsort((whole["dst"], whole["src"], whole["start"]))
    return {name: values[order] for name, values in whole.items()}


def _links(graphs: Sequence[Graph], chosen: range, devices: int) -> Columns:
    """Pairs as src * devices + dst, round by round, and how many a round has."""
    columns: Columns = {}
    for name, found in (("two", [each.two_way for each in graphs]), ("one", [each.one_way for each in graphs])):
        kept = [pairs if round_ in chosen else pairs[:0] for round_, pairs in enumerate(found)]
        codes = np.concatenate(kept).astype(np.int64)
        columns |= {f"{name}_count": np.array([len(each) for each in kept]), name: codes @ np.array([devices, 1])}
    return columns


def _fitting(merge: Callable[[range], Columns], rounds: int, budget: int) -> tuple[int, dict[str, Any]]:
    """The columns of every k-th round, for the least power of two that fits `budget`; k = 0: of none."""
    every = 1
    while every < 2 * rounds:
        part = packed(merge(range(0, rounds, every)), DELTAS)
        if len(part["deflate"]) <= budget:
            return every, part
        every *= 2
    return 0, packed(merge(range(0)), DELTAS)


def _notes(said: str, glides: bool, word: str) -> list[str]:
    if said:
        return [f"Devices have no places here ({said}); what is near on the map means nothing."]
    if glides:
        return [f"Places are recorded once a {word}; in between, devices are drawn on straight lines."]
    return []


def _left_out(what: str, word: str, every: int) -> str:
    if not every:
        return f"No {what} are drawn: those of a single {word} are too many for this page."
    return (
        f"The {what} of one {word} in {every} are drawn (0, {every}, {2 * every}, ...): all are too many for this page."
    )
