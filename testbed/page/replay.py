"""What a page replays: places, links, messages and accuracies of a run over simulated time, as small whole numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Cause
from testbed.page import columns
from testbed.page.columns import DELTAS, STATES, Columns
from testbed.page.packed import packed
from testbed.report.events import has_events
from testbed.report.places import Graph, Places, graph, hello_share, places
from testbed.report.recording import Recording

MESSAGE_BYTES, LINK_BYTES = 2_600_000, 800_000
"""Of the page, for messages and for links; where they are more, only those of some rounds are in it."""


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
    rounds, tick_ns = len(recording.exchanges), columns.tick_ns(recording)
    drawn, share = places(recording, range(rounds)), hello_share(recording)
    graphs = [graph(exchange, share) for exchange in recording.exchanges]
    steady = columns.steady(recording, tick_ns) | columns.devices(recording, graphs, drawn, accuracy)
    rows = columns.messages(recording, tick_ns)
    about = _about(recording, drawn) | {"tick_s": tick_ns / 1e9}
    links = _fitting(lambda chosen: columns.links(graphs, chosen, recording.devices), rounds, LINK_BYTES)
    messages = _fitting(lambda chosen: columns.in_order(rows, chosen), rounds, MESSAGE_BYTES)
    every = {"links": links[0], "messages": messages[0]}
    data = about | {"every": every, "parts": [packed(steady, DELTAS), links[1], messages[1]]}
    return Replay(data, _notes(drawn.said, data), _signs(steady, graphs, rows), _extremes(accuracy))


def _about(recording: Recording, drawn: Places) -> dict[str, Any]:
    """What is true all the time."""
    jumps = not drawn.said and recording.trace.header.network.get("mobility") == "redraw"
    moves = any((each != drawn.at[0]).any() for each in drawn.at.values())
    low, high = drawn.limits()
    return {
        "devices": recording.devices,
        "rounds": len(recording.exchanges),
        "word": "period" if has_events(recording.folder) else "round",
        "side_m": None if drawn.said else float((high - low)[0]),
        "glides": moves and not jumps,
        "redraws": jumps,
        "states": columns.STATES,
        "share": columns.SHARE,
        "fine": columns.FINE,
        "largest": columns.LARGEST,
    }


def _extremes(accuracy: NDArray[np.float64]) -> tuple[float, float] | None:
    known = accuracy[np.isfinite(accuracy)]
    return (float(known.min()), float(known.max())) if len(known) else None


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


def _fitting(merge: Callable[[range], Columns], rounds: int, budget: int) -> tuple[int, dict[str, Any]]:
    """The columns of every k-th round, for the least power of two that fits `budget`; k = 0: of none."""
    every = 1
    while every < 2 * rounds:
        part = packed(merge(range(0, rounds, every)), DELTAS)
        if len(part["deflate"]) <= budget:
            return every, part
        every *= 2
    return 0, packed(merge(range(0)), DELTAS)


def _notes(said: str, data: Mapping[str, Any]) -> list[str]:
    notes, word = list[str](), data["word"]
    if said:
        notes.append(f"Devices have no places here ({said}); what is near on the map means nothing.")
    if data["glides"]:
        notes.append(f"Places are recorded once a {word}; in between, devices are drawn on straight lines.")
    return notes + [_left_out(what, word, every) for what, every in data["every"].items() if every != 1]


def _left_out(what: str, word: str, every: int) -> str:
    if not every:
        return f"No {what} are drawn: those of a single {word} are too many for this page."
    return (
        f"The {what} of one {word} in {every} are drawn (0, {every}, {2 * every}, ...): all are too many for this page."
    )
