"""Small traces that the tests share: one recorded round by round, one without rounds."""

from pathlib import Path

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, NEVER, Cause, Deliveries, Devices, Exchange, Links, Outbox
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace, TraceWriter

NODES = 3
HEADER = Header(nodes=NODES, seed=4, network={"kind": "graph"}, scenario="abc", provenance=({"step": "record"},))


def outbox(round_: int) -> Outbox:
    return Outbox([0, 1, 2], [ALL_NEIGHBOURS] * 3, [100 + round_] * 3, [round_ * 1000 + 5] * 3)


def exchange(round_: int) -> Exchange:
    """Round 1 has no link and no delivery: that is normal."""
    count = 0 if round_ == 1 else 2
    opened = round_ * 1000
    snr_db, delivery = [np.nan, 3.5][:count], [1, 0.2][:count]
    links = Links([0, 1][:count], [1, 0][:count], snr_db, delivery, [6] * count, [0, 7][:count], [True] * count)
    arrived, cause = [opened + 9, NEVER][:count], [Cause.ARRIVED, Cause.FRAMES_LOST][:count]
    deliveries = Deliveries(
        [0, 1][:count], [1, 0][:count], [100] * count, [opened + 6] * count, arrived, cause, [1] * count, [0] * count
    )
    devices = Devices([1, 2, 3], [4, 5, 6], [0, 0, 0], [0.1, 0.2, np.nan], [0, 0, 7], [0.5, np.nan, 1], [0, 0, 0])
    return Exchange(opened, opened + 1000, links, deliveries, devices)


def recorded(rounds: int = 3) -> Trace:
    return Trace.of_rounds(HEADER, list(map(outbox, range(rounds))), list(map(exchange, range(rounds))))


def imported() -> Trace:
    """A contact in unix time, samples, a link of which no end is known, and where two of the nodes were."""
    start = 1_700_000_000 * 10**9
    links = LinkRows.of(
        round=[NO_ROUND] * 4,
        t_start_ns=[-5, start, start, start + 20],
        t_end_ns=[-5, start + 30, OPEN_NS, start + 20],
        src=[2, 0, 1, 2],
        dst=[0, 1, 0, 1],
        snr_db=[np.nan, 12.5, np.nan, -3.0],
        delivery=[1, 0.25, 1, 0],
        rate_bps=[0, 11_000_000, 0, 0],
        latency_ns=[0, 0, 2_000_000, 0],
        neighbour=[True] * 4,
    )
    zeros = [0, 0]
    nodes = NodeRows.of(
        round=[NO_ROUND] * 2,
        t_ns=[start, start],
        node=[0, 2],
        airtime_ns=zeros,
        frames=zeros,
        retries=zeros,
        energy_j=[np.nan] * 2,
        away_ns=zeros,
        x_m=[1.5, -2.0],
        y_m=[0.0, np.nan],
    )
    oddity = {"reason": "self_loop", "count": 2, "done": "left out", "rejected": True}
    provenance = ({"step": "import", "format": "lines", "file": "a.dat", "oddities": [oddity]},)
    names = ("17", "Zoë", "../../etc/passwd")
    header = Header(nodes=3, names=names, network={"kind": "imported", "format": "lines"}, provenance=provenance)
    return Trace(header, links, nodes)


def record(folder: Path, rounds: int, keep: int = 0) -> TraceWriter:
    writer = TraceWriter(folder, HEADER, keep)
    for round_ in range(keep, rounds):
        writer.append(round_, outbox(round_), exchange(round_))
    return writer


def finished(folder: Path, rounds: int = 3) -> Path:
    writer = record(folder, rounds)
    writer.finish()
    writer.discard()
    return folder
