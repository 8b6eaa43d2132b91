"""Traces that are drawn by a seed, in the order that tables have."""

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, NEVER, NOBODY, Deliveries, Devices, Exchange, Links, Outbox, Sightings
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace

GRAIN_NS = 1024
"""All times are multiples of it, so that they can be halved and doubled without rounding."""


def recorded(seed: int, nodes: int = 4, rounds: int = 3, eventful: bool = False) -> Trace:
    """Rounds one after the other, the first at 0; `eventful`: with sightings, as of an event-driven mode."""
    draw, clock = np.random.default_rng(seed), 0
    outboxes, exchanges = [], []
    for _ in range(rounds):
        closed_ns = clock + int(draw.integers(1, 50)) * GRAIN_NS
        outboxes.append(_outbox(draw, nodes, clock))
        exchanges.append(_exchange(draw, nodes, clock, closed_ns, eventful))
        clock = closed_ns
    header = Header(
        nodes=nodes,
        seed=seed,
        network={"kind": "graph"},
    )
    return Trace.of_rounds(header, outboxes, exchanges)


def imported(seed: int, nodes: int = 4, rows: int = 12) -> Trace:
    """Links and places of no round: among them samples, and links without an end."""
    draw = np.random.default_rng(seed)
    src, dst = _pairs(draw, nodes, rows)
    start = draw.integers(-20, 100, len(src)) * GRAIN_NS
    end = np.where(draw.random(len(src)) < 0.2, OPEN_NS, start + draw.integers(0, 30, len(src)) * GRAIN_NS)
    order = np.lexsort((dst, src, start))
    links = LinkRows.of(
        round=np.full(len(src), NO_ROUND),
        t_start_ns=start[order],
        t_end_ns=end[order],
        **_qualities(draw, src, dst, order),
    )
    t_ns, node = np.sort(draw.integers(-20, 100, rows)) * GRAIN_NS, draw.integers(0, nodes, rows)
    distinct = np.unique(np.stack([t_ns, node]), axis=1)
    zeros, x_m = np.zeros(distinct.shape[1]), draw.random(distinct.shape[1])
    places = dict.fromkeys(NodeRows.columns(), zeros) | {"round": zeros + NO_ROUND, "x_m": x_m, "y_m": x_m}
    header = Header(nodes=nodes, names=tuple(f"n{node}" for node in range(nodes)), network={"kind": "imported"})
    return Trace(header, links, NodeRows.of(**places | {"t_ns": distinct[0], "node": distinct[1]}))


def _pairs(draw: np.random.Generator, nodes: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct directed pairs, in order."""
    src, dst = np.nonzero(~np.eye(nodes, dtype=bool))
    some = np.sort(draw.choice(len(src), min(rows, len(src)), replace=False)) if len(src) else np.arange(0)
    return src[some], dst[some]


def _qualities(draw: np.random.Generator, src: np.ndarray, dst: np.ndarray, order: np.ndarray) -> dict[str, np.ndarray]:
    count = len(src)
    return {
        "src": src[order],
        "dst": dst[order],
        "snr_db": np.where(draw.random(count) < 0.3, np.nan, draw.random(count)),
        "delivery": draw.random(count),
        "rate_bps": draw.integers(0, 9, count),
        "latency_ns": draw.integers(0, 9, count),
        "neighbour": draw.random(count) < 0.7,
    }


def _outbox(draw: np.random.Generator, nodes: int, opened_ns: int) -> Outbox:
    src = np.flatnonzero(draw.random(nodes) < 0.8)
    dst = np.where(draw.random(len(src)) < 0.5, ALL_NEIGHBOURS, (src + 1) % nodes if nodes > 1 else ALL_NEIGHBOURS)
    return Outbox.of(src=src, dst=dst, size_bytes=draw.integers(1, 99, len(src)), ready_ns=opened_ns + src * GRAIN_NS)


def _exchange(draw: np.random.Generator, nodes: int, opened_ns: int, closed_ns: int, eventful: bool) -> Exchange:
    src, dst = _pairs(draw, nodes, int(draw.integers(0, 6)))
    count, at = len(src), np.arange(len(src))
    arrived = draw.random(count) < 0.7
    started_ns = opened_ns + draw.integers(0, 9, count) * GRAIN_NS
    deliveries = Deliveries.of(
        src=src,
        dst=dst,
        size_bytes=draw.integers(1, 99, count),
        started_ns=started_ns,
        arrived_ns=np.where(arrived, started_ns + GRAIN_NS, NEVER),
        cause=np.where(arrived, 0, 1),
        frames=at,
        retries=at,
    )
    spent = {name: draw.integers(0, 9, nodes) * GRAIN_NS for name in Devices.columns()}
    sightings = _sightings(draw, nodes, opened_ns) if eventful else Sightings.none()
    links = Links.of(**_qualities(draw, src, dst, at))
    return Exchange(opened_ns, closed_ns, links, deliveries, Devices.of(**spent), sightings)


def _sightings(draw: np.random.Generator, nodes: int, opened_ns: int) -> Sightings:
    """Each device looks once, in turn."""
    rows = []
    for device in range(nodes):
        seen = [each for each in range(nodes) if each != device and draw.random() < 0.5]
        rows += [(opened_ns + device * GRAIN_NS, device, each) for each in seen or [NOBODY]]
    time_ns, device_, neighbour = zip(*rows, strict=True)
    return Sightings.of(time_ns=time_ns, device=device_, neighbour=neighbour)
