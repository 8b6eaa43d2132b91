"""What tests of the replay of links share: small traces, and rounds over them."""

from typing import Any

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Absences, Devices, Exchange, Links, Outbox
from testbed.network.links import LinksNetwork
from testbed.network.medium import nothing
from testbed.scenario import Scenario, parse
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace

SECOND = 1_000_000_000
IMPORTED = {"kind": "imported", "format": "test"}
WIFI: dict[str, Any] = {
    "kind": "ns3",
    "standard": "802.11a",
    "loss": "log-distance",
    "mobility": "static",
    "tx_power_dbm": 16.0206,
    "payload_bytes": 1472,
    "hellos": 5,
    "hello_s": 1.0,
}
Row = tuple[int, int, int, int]
"""Source, destination, start and end."""


def clock_trace(devices: int, rows: list[Row], **columns: Any) -> Trace:
    """An imported trace."""
    rows = sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    src, dst, start, end = np.array(rows, np.int64).reshape(-1, 4).T
    return Trace(Header(nodes=devices, network=IMPORTED), link_rows(src, dst, start, end, **columns), NodeRows.none())


def link_rows(src: Any, dst: Any, start: Any, end: Any, **columns: Any) -> LinkRows:
    count = len(src)
    known = {"delivery": 1.0, "rate_bps": 0, "latency_ns": 0, "snr_db": np.nan} | columns
    return LinkRows.of(
        round=np.full(count, NO_ROUND),
        t_start_ns=start,
        t_end_ns=end,
        src=src,
        dst=dst,
        neighbour=np.ones(count, bool),
        **{name: np.full(count, value) for name, value in known.items()},
    )


def always(*pairs: tuple[int, int], devices: int, **columns: Any) -> Trace:
    """Directed pairs that are linked for ever."""
    return clock_trace(devices, [(src, dst, 0, OPEN_NS) for src, dst in pairs], **columns)


def both(*pairs: tuple[int, int]) -> list[tuple[int, int]]:
    return [*pairs, *((b, a) for a, b in pairs)]


def complete(devices: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(devices) for b in range(devices) if a != b]


def recorded_trace(
    devices: int, *rounds: list[tuple[int, int]], network: dict[str, Any] = IMPORTED, places: Any = None
) -> Trace:
    """A trace of rounds with these links, each with the devices at `places` (x, y)."""
    x_m, y_m = np.full((2, devices), np.nan) if places is None else np.array(places, float).T
    exchanges = []
    for number, pairs in enumerate(rounds):
        src, dst = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        count = len(src)
        columns = {"delivery": np.ones(count), "rate_bps": np.full(count, 24_000_000), "latency_ns": np.zeros(count)}
        links = Links.of(src=src, dst=dst, snr_db=np.full(count, np.nan), neighbour=np.ones(count, bool), **columns)
        zeros = np.zeros(devices)
        counted = dict.fromkeys(Devices.columns(), zeros) | {"x_m": x_m, "y_m": y_m}
        opened_ns, empty = number * SECOND, nothing(devices)
        exchanges.append(Exchange(opened_ns, opened_ns + SECOND, links, empty.deliveries, Devices.of(**counted)))
    outboxes = [Outbox.of(src=[], dst=[], size_bytes=[], ready_ns=[])] * len(rounds)
    return Trace.of_rounds(Header(nodes=devices, seed=1, network=network), outboxes, exchanges)


def scenario(devices: int, rounds: int = 1, seed: int = 1, deadline_s: float = 60.0, **keys: Any) -> Scenario:
    run = {"rounds": rounds, "seed": seed, "deadline_s": deadline_s}
    network = {"kind": "replay", "replay": "links", "trace": "here"} | keys
    return parse({"run": run, "devices": {"count": devices}, "network": network})


def messages(sizes: dict[int, int], ready_ns: int = 0) -> Outbox:
    """One from each device that has a size, to all its neighbours."""
    count = len(sizes)
    return Outbox.of(
        src=list(sizes), dst=[ALL_NEIGHBOURS] * count, size_bytes=list(sizes.values()), ready_ns=[ready_ns] * count
    )


def carry(
    trace: Trace,
    sizes: dict[int, int],
    round_: int = 0,
    opened_ns: int = 0,
    absences: Absences = ALL_PRESENT,
    **keys: Any,
) -> Exchange:
    """One round."""
    network = LinksNetwork(trace, scenario(trace.header.nodes, **keys))
    return network.exchange(round_, opened_ns, messages(sizes, opened_ns), absences)
