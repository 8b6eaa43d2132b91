"""Traces from traces: a window, another pace, some of the nodes, the same rounds again.

Pure functions: each leaves alone the trace that it is given, and adds a step to the `provenance` of the one it gives.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from testbed.errors import UserError
from testbed.exchange import Exchange, Outbox
from testbed.trace.format import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows
from testbed.trace.move import Move
from testbed.trace.selection import Selection
from testbed.trace.value import Trace, joined

T = TypeVar("T", LinkRows, NodeRows)


def window(trace: Trace, from_ns: int | None, to_ns: int | None) -> Trace:
    """What happened from one instant to another, at its own times; None: from the beginning, or to the end.

    The rounds that open at or after `from_ns` and close at or before `to_ns`, numbered anew. Of what belongs to no
    round: links cut to the window; samples in it; places in it, and each node's last one before it.
    """
    start, end = -OPEN_NS if from_ns is None else from_ns, OPEN_NS if to_ns is None else to_ns
    kept = [round_ for round_, each in enumerate(trace.exchanges) if start <= each.opened_ns and each.closed_ns <= end]
    return _made(
        _header(trace, "window", from_ns=from_ns, to_ns=to_ns),
        _links_within(of_no_round(trace.links), start, end),
        _nodes_within(of_no_round(trace.nodes), start, end),
        [trace.outboxes[round_] for round_ in kept],
        [trace.exchanges[round_] for round_ in kept],
    )


def shifted(trace: Trace, by_ns: int) -> Trace:
    """All of it later by `by_ns`. Raises UserError where a round would open before 0, or times exceed 64 bits."""
    return _moved(trace, Move(by_ns=by_ns), _header(trace, "shift", by_ns=by_ns))


def scaled(trace: Trace, factor: float) -> Trace:
    """All of it `factor` times as late, so that a second of it lasts `factor` seconds; see `Move` for what stays.

    Raises UserError for a factor that is not above 0, or where times would exceed 64 bits.
    """
    if not 0 < factor < np.inf:
        raise UserError(f"Times cannot be scaled by {factor:g}: the factor should be above 0.")
    return _moved(trace, Move(factor), _header(trace, "scale", factor=factor))


def select(trace: Trace, nodes: Sequence[int]) -> Trace:
    """Some of the nodes: node `nodes[i]` becomes node i, and keeps its name.

    What they sent each other, heard and saw of each other stays. What the others sent is gone, but not what it did to
    them: lost frames, repetitions, the length of a round. Raises UserError for a node that is not there or named twice.
    """
    event_driven = any(len(exchange.sightings) for exchange in trace.exchanges)
    some = Selection(nodes, trace.header.nodes, by_node=not event_driven)
    header = _header(trace, "select", nodes=[int(node) for node in nodes])
    return _made(
        header.model_copy(update={"nodes": len(nodes), "names": some.names(trace.header.names)}),
        some.links(of_no_round(trace.links)),
        some.nodes(of_no_round(trace.nodes)),
        [some.outbox(outbox) for outbox in trace.outboxes],
        [some.exchange(exchange) for exchange in trace.exchanges],
    )


def looped(trace: Trace, rounds: int) -> Trace:
    """`rounds` rounds: those of the trace, and again from the first one, which opens when the last has closed.

    Raises UserError for a trace without rounds.
    """
    if not len(trace):
        raise UserError("A trace without rounds cannot be looped round by round.")
    laps = [lap(trace, round_) for round_ in range(rounds)]
    return _made(
        _header(trace, "loop", rounds=rounds),
        of_no_round(trace.links),
        of_no_round(trace.nodes),
        [outbox for outbox, _ in laps],
        [exchange for _, exchange in laps],
    )


def lap(trace: Trace, round_: int) -> tuple[Outbox, Exchange]:
    """Round `round_` of a trace that is looped without an end; it has at least one round."""
    times, place = divmod(round_, len(trace))
    lasts_ns = trace.exchanges[-1].closed_ns - trace.exchanges[0].opened_ns
    move = Move(by_ns=times * lasts_ns)
    return move.outbox(trace.outboxes[place]), move.exchange(trace.exchanges[place])


def of_no_round(rows: T) -> T:
    """Those that belong to none, which come first."""
    return _part(rows, slice(int(np.searchsorted(rows.round, NO_ROUND, "right"))))


def _part(rows: T, index: Any, **columns: Any) -> T:
    return replace(rows, **{name: getattr(rows, name)[index] for name in rows.columns()} | columns)


def _header(trace: Trace, step: str, **settings: Any) -> Header:
    """Checksums are of files, and those are of another trace."""
    steps = (*trace.header.provenance, {"step": step, **settings})
    return trace.header.model_copy(update={"provenance": steps, "checksums": {}})


def _made(
    header: Header, links: LinkRows, nodes: NodeRows, outboxes: Sequence[Outbox], exchanges: Sequence[Exchange]
) -> Trace:
    """From what belongs to no round, and the rounds."""
    if not exchanges:
        return Trace(header, links, nodes)
    made = Trace.of_rounds(header, outboxes, exchanges)
    if not len(links) and not len(nodes):
        return made
    return replace(made, links=joined(LinkRows, [links, made.links]), nodes=joined(NodeRows, [nodes, made.nodes]))


def _moved(trace: Trace, move: Move, header: Header) -> Trace:
    return _made(
        header,
        move.links(of_no_round(trace.links)),
        move.nodes(of_no_round(trace.nodes)),
        [move.outbox(outbox) for outbox in trace.outboxes],
        [move.exchange(exchange) for exchange in trace.exchanges],
    )


def _links_within(rows: LinkRows, start: int, end: int) -> LinkRows:
    """In order of time, sender and receiver, as before: those that are cut all begin at `start` then."""
    holds = (rows.t_end_ns > start) & (rows.t_start_ns < end)
    sample = (rows.t_start_ns == rows.t_end_ns) & (rows.t_start_ns >= start) & (rows.t_start_ns <= end)
    index = np.flatnonzero(holds | sample)
    cut = int(np.searchsorted(rows.t_start_ns[index], start, "right"))
    index[:cut] = index[:cut][np.lexsort((rows.dst[index[:cut]], rows.src[index[:cut]]))]
    t_start_ns = np.maximum(rows.t_start_ns[index], start)
    return _part(rows, index, t_start_ns=t_start_ns, t_end_ns=np.minimum(rows.t_end_ns[index], end))


def _nodes_within(rows: NodeRows, start: int, end: int) -> NodeRows:
    """The last place of a node before `start` is where it is at `start`, unless another is told for then."""
    first, after = (int(np.searchsorted(rows.t_ns, start, side)) for side in ("left", "right"))
    last = np.full(int(rows.node.max(initial=-1)) + 1, -1)
    last[rows.node[:first]] = np.arange(first)
    last[rows.node[first:after]] = np.arange(first, after)
    stop = int(np.searchsorted(rows.t_ns, end, "right"))
    index = np.concatenate([last[last >= 0], np.arange(after, stop)])
    return _part(rows, index, t_ns=np.maximum(rows.t_ns[index], start))
