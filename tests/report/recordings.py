"""Small recordings, made by hand: what is in them is known to the nanosecond."""

from pathlib import Path

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, NEVER, Cause, Deliveries, Devices, Exchange, Links, Outbox
from testbed.results import RunWriter
from testbed.results.directory import DEVICES, ROUNDS
from testbed.scenario import Scenario, dumps
from testbed.trace import Header, TraceWriter

MS = 1_000_000
RADIO = {"kind": "ns3", "hello_s": 0.02, "hello_share": 0.6}

Round = tuple[Outbox, Exchange]


def sent(src: list[int], ready_ns: int, dst: int = ALL_NEIGHBOURS) -> Outbox:
    """A message of 100 bytes from each of these."""
    ones = np.ones(len(src))
    return Outbox.of(src=src, dst=dst * ones, size_bytes=100 * ones, ready_ns=ready_ns * ones)


def linked(pairs: list[tuple[int, int]], delivery: float = 1.0, neighbour: bool = True) -> Links:
    """Directed links: each is (src, dst)."""
    src, dst = np.array(pairs, int).reshape(-1, 2).T
    ones = np.ones(len(src))
    return Links.of(
        src=src,
        dst=dst,
        snr_db=20 * ones,
        delivery=delivery * ones,
        rate_bps=6e6 * ones,
        latency_ns=0 * ones,
        neighbour=neighbour * ones > 0,
    )


def both(*pairs: tuple[int, int]) -> list[tuple[int, int]]:
    """Each pair in both directions."""
    return [way for a, b in pairs for way in ((a, b), (b, a))]


def delivered(rows: list[tuple[int, int, int, int]], cause: Cause = Cause.DEADLINE) -> Deliveries:
    """Rows of src, dst, started and arrived; those that never arrived, for this cause."""
    src, dst, started, arrived = np.array(rows, int).reshape(-1, 4).T
    return Deliveries.of(
        src=src,
        dst=dst,
        size_bytes=np.full(len(src), 100),
        started_ns=started,
        arrived_ns=arrived,
        cause=np.where(arrived == NEVER, cause, Cause.ARRIVED),
        frames=np.ones(len(src)),
        retries=np.zeros(len(src)),
    )


def spent(count: int, **columns: object) -> Devices:
    """Devices on a line, ten metres apart, that spent nothing; `columns` say otherwise."""
    zeros = np.zeros(count)
    values = dict.fromkeys(Devices.columns(), zeros) | {"x_m": 10.0 * np.arange(count), "energy_j": zeros + np.nan}
    return Devices.of(**(values | columns))


def exchange(
    links: Links, deliveries: Deliveries, devices: Devices, opened_ns: int = 0, closed_ns: int = 100 * MS
) -> Exchange:
    return Exchange(opened_ns, closed_ns, links, deliveries, devices)


def trace(folder: Path, rounds: list[Round], devices: int, network: dict[str, object] = RADIO) -> Path:
    """A finished trace of these rounds."""
    writer = TraceWriter(folder, Header(nodes=devices, seed=1, network=network, scenario="0"))
    for round_, each in enumerate(rounds):
        writer.append(round_, *each)
    writer.finish()
    writer.discard()
    return folder


def run(folder: Path, rounds: list[Round], devices: int, compute_ns: int, network: dict[str, object] = RADIO) -> Path:
    """A stopped run of these rounds; its devices compute for so long and draw a joule for it."""
    trace(folder / "trace", rounds, devices, network)
    (folder / "scenario.toml").write_text(dumps(Scenario()))
    writer = RunWriter(folder, {"wall_s": 0.0}, [])
    for round_ in range(len(rounds)):
        row = {name: [0] for name in ROUNDS.names} | {"round": [round_]}
        columns = {name: np.zeros(devices) for name, _ in DEVICES}
        columns |= {"round": columns["round"] + round_, "device": np.arange(devices)}
        columns |= {"compute_ns": columns["device"] * 0 + compute_ns, "compute_j": np.ones(devices)}
        writer.append("rounds", row)
        writer.append("devices", columns)
    writer.stop("test")
    return folder


def pair_and_loner(opened_ns: int = 0) -> Round:
    """Devices 0 and 1 linked, 2 alone; 0 arrives at 1, 1 does not arrive at 0. Air time 3, 2, 1 ms."""
    outbox = sent([0, 1, 2], opened_ns + 10 * MS)
    rows = [(0, 1, opened_ns + 30 * MS, opened_ns + 50 * MS), (1, 0, opened_ns + 40 * MS, NEVER)]
    devices = spent(3, airtime_ns=[3 * MS, 2 * MS, 1 * MS])
    links = linked(both((0, 1)))
    return outbox, exchange(links, delivered(rows), devices, opened_ns, opened_ns + 100 * MS)
