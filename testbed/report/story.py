"""What devices did when, as spans, marks and messages: from the trace of a run in `barrier` mode."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from testbed.exchange import Cause, Deliveries, Exchange
from testbed.report.recording import Recording


class Span(NamedTuple):
    """Something that lasts: training, away, partly (away at some time of it), hellos or sending."""

    kind: str
    device: int
    from_ns: int
    until_ns: int


class Mark(NamedTuple):
    """Something of an instant: arrive, mix, busy, deadline, or lost (a message that is sent and arrives nowhere)."""

    kind: str
    device: int
    at_ns: int


class Message(NamedTuple):
    """One that arrived."""

    src: int
    dst: int
    sent_ns: int
    arrived_ns: int


@dataclass(frozen=True)
class Story:
    """All of it, unordered."""

    spans: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def between(self, from_ns: int, until_ns: int, devices: Sequence[int]) -> "Story":
        """What of these devices falls into the window; spans are cut to it, messages go between these devices."""
        chosen = set(devices)
        spans = (each for each in self.spans if each.device in chosen)
        cut = (Span(kind, device, max(a, from_ns), min(b, until_ns)) for kind, device, a, b in spans)
        return Story(
            [each for each in cut if each.from_ns < each.until_ns],
            [each for each in self.marks if each.device in chosen and from_ns <= each.at_ns <= until_ns],
            [
                each
                for each in self.messages
                if {each.src, each.dst} <= chosen and each.sent_ns < until_ns and each.arrived_ns > from_ns
            ],
        )

    def kinds(self) -> set[str]:
        """The kinds that occur."""
        return {each.kind for each in self.spans} | {each.kind for each in self.marks}


def of_rounds(recording: Recording, rounds: Iterable[int]) -> Story:
    """What the trace tells of rounds in `barrier` mode.

    A message is being sent from its first frame to its last arrival, or until the round closes where it was still
    wanted then. Trained is until the message was ready; who sends none, for as long as its training takes.
    """
    story, hello_ns = Story(), _hello_ns(recording)
    for round_ in rounds:
        exchange = recording.exchanges[round_]
        _add_training(story, recording, round_)
        _add_absences(story, exchange)
        if hello_ns:
            until_ns = min(exchange.opened_ns + hello_ns, exchange.closed_ns)
            story.spans.extend(
                Span("hellos", device, exchange.opened_ns, until_ns) for device in _here(exchange).tolist()
            )
        _add_messages(story, exchange)
        if recording.compute_ns is not None:  # of a bare trace nobody knows whether anything was mixed
            story.marks.extend(Mark("mix", device, exchange.closed_ns) for device in _here(exchange).tolist())
    return story


def _add_training(story: Story, recording: Recording, round_: int) -> None:
    opened_ns = recording.exchanges[round_].opened_ns
    outbox, here = recording.trace.outboxes[round_], _here(recording.exchanges[round_])
    compute_ns = None if recording.compute_ns is None else recording.compute_ns[round_]
    for src, ready_ns in dict(zip(outbox.src.tolist(), outbox.ready_ns.tolist(), strict=True)).items():
        began = opened_ns if compute_ns is None else max(opened_ns, ready_ns - int(compute_ns[src]))
        story.spans.append(Span("training", src, began, ready_ns))
    if compute_ns is not None:
        for device in np.setdiff1d(here, outbox.src).tolist():
            story.spans.append(Span("training", device, opened_ns, opened_ns + int(compute_ns[device])))


def _add_absences(story: Story, exchange: Exchange) -> None:
    lasted, away_ns = exchange.closed_ns - exchange.opened_ns, exchange.devices.away_ns
    for device in np.flatnonzero(away_ns).tolist():
        kind = "away" if away_ns[device] >= lasted else "partly"
        story.spans.append(Span(kind, device, exchange.opened_ns, exchange.closed_ns))


def _add_messages(story: Story, exchange: Exchange) -> None:
    rows, arrived, numbers = exchange.deliveries, exchange.deliveries.arrived, exchange.deliveries.exchange
    for number in range(numbers.max(initial=-1) + 1):
        _add_sending(story, rows.pick(np.flatnonzero(numbers == number)), exchange.closed_ns)
    for src, dst, sent, at in zip(
        *(column[arrived].tolist() for column in (rows.src, rows.dst, rows.started_ns, rows.arrived_ns)), strict=True
    ):
        story.marks.append(Mark("arrive", dst, at))
        story.messages.append(Message(src, dst, sent, at))


def _add_sending(story: Story, rows: Deliveries, closed_ns: int) -> None:
    """In one exchange."""
    for src in np.unique(rows.src[rows.started_ns >= 0]).tolist():
        mine = (rows.src == src) & (rows.started_ns >= 0)
        wanted = bool((rows.cause[mine] == Cause.DEADLINE).any())
        first_ns = int(rows.started_ns[mine].min())
        last_ns = closed_ns if wanted else int(rows.arrived_ns[mine].max())
        if last_ns >= first_ns:
            story.spans.append(Span("sending", src, first_ns, last_ns))
        if not rows.arrived[mine].any():
            story.marks.append(Mark("lost", src, first_ns))


def _here(exchange: Exchange) -> np.ndarray:
    """Devices that are here for at least a part of the round."""
    lasted = exchange.closed_ns - exchange.opened_ns
    return np.flatnonzero((exchange.devices.away_ns < lasted) | (exchange.devices.away_ns == 0))


def _hello_ns(recording: Recording) -> int:
    seconds = recording.trace.header.network.get("hello_s")
    return round(seconds * 1e9) if isinstance(seconds, int | float) else 0
