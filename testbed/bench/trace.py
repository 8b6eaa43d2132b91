"""What it takes to write 10 million links, and to read them in a process of their own, from the page cache.

Two traces: `imported`, all links of no round, every value of its own; `recorded`, 1,000 rounds of 10,000 links.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, NEVER, Cause, Deliveries, Devices, Exchange, Links, Outbox
from testbed.trace import NO_ROUND, Header, LinkRows, NodeRows, Trace, TraceWriter, read, write

ROWS, ROUNDS, NODES = 10_000_000, 1000, 150
ROUND_NS = 10**10


def trace() -> dict[str, Any]:
    """Of each: seconds and peak memory (`ru_maxrss`) of the process that writes and of the one that reads; size."""
    with tempfile.TemporaryDirectory(prefix="testbed-bench-") as folder:
        return {name: _measured(name, Path(folder) / name) for name in WRITERS}


def _measured(name: str, folder: Path) -> dict[str, float]:
    written, was_read = _in_process("_write", name, folder), _in_process("_read", name, folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    return {
        "read_s": was_read["seconds"],
        "read_peak_mb": was_read["peak_mb"],
        "write_s": written["seconds"],
        "write_peak_mb": written["peak_mb"],
        "size_mb": size / 1e6,
    }


def _in_process(verb: str, name: str, folder: Path) -> dict[str, float]:
    sizes = f"bench.ROWS, bench.ROUNDS = {ROWS}, {ROUNDS}"
    code = f"import testbed.bench.trace as bench; {sizes}; bench.{verb}({name!r}, {str(folder)!r})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(answer.stdout)
    return measured


def _read(name: str, folder: str) -> None:
    start = time.perf_counter()
    links = read(folder).links
    _say(time.perf_counter() - start)
    assert len(links) == ROWS, name


def _write(name: str, folder: str) -> None:
    _say(WRITERS[name](Path(folder)))


def _say(seconds: float) -> None:
    print(json.dumps({"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))


def _write_imported(folder: Path) -> float:
    value = Trace(Header(nodes=NODES, network={"kind": "imported"}), _imported(), NodeRows.none())
    start = time.perf_counter()
    write(value, folder)
    return time.perf_counter() - start


def _imported() -> LinkRows:
    """Links of a day, in unix time."""
    random = np.random.default_rng(1)
    start_ns = np.sort(random.integers(0, 86_400 * 10**9, ROWS)) + 1_700_000_000 * 10**9
    src = random.integers(0, NODES, ROWS, np.int32)
    return LinkRows.of(
        round=np.full(ROWS, NO_ROUND, np.int32),
        t_start_ns=start_ns,
        t_end_ns=start_ns + random.integers(0, 600 * 10**9, ROWS),
        src=src,
        dst=(src + random.integers(1, NODES, ROWS, np.int32)) % NODES,
        snr_db=random.normal(20, 5, ROWS),
        delivery=random.random(ROWS),
        rate_bps=random.choice([6_000_000, 12_000_000, 24_000_000, 54_000_000], ROWS),
        latency_ns=random.integers(0, 10**6, ROWS),
        neighbour=np.ones(ROWS, bool),
    )


def _write_recorded(folder: Path) -> float:
    random = np.random.default_rng(2)
    nodes = np.arange(NODES)
    pairs = np.argwhere(nodes[:, None] != nodes)
    start = time.perf_counter()
    writer = TraceWriter(folder, Header(nodes=NODES, network={"kind": "graph"}))
    for round_ in range(ROUNDS):
        outbox = Outbox.of(
            src=nodes, dst=np.full(NODES, ALL_NEIGHBOURS), size_bytes=nodes + 1000, ready_ns=nodes + round_ * ROUND_NS
        )
        writer.append(round_, outbox, _exchange(random, pairs, round_ * ROUND_NS))
    writer.finish()
    writer.discard()
    return time.perf_counter() - start


def _exchange(random: np.random.Generator, pairs: np.ndarray[Any, np.dtype[np.int64]], opened_ns: int) -> Exchange:
    """Links heard in five hellos; a message a node; places."""
    count = ROWS // ROUNDS
    src, dst = pairs[np.sort(random.choice(len(pairs), count, replace=False))].T
    share, zeros, nodes = random.integers(1, 6, count) / 5, np.zeros(NODES, int), np.arange(NODES)
    links = Links.of(
        src=src,
        dst=dst,
        snr_db=random.normal(20, 5, count),
        delivery=share,
        rate_bps=np.full(count, 24_000_000),
        latency_ns=random.integers(0, 10**6, count),
        neighbour=share > 0.5,
    )
    arrived_ns = np.where(nodes % 9, opened_ns + 10**9 + nodes, NEVER)
    deliveries = Deliveries.of(
        src=nodes,
        dst=(nodes + 1) % NODES,
        size_bytes=nodes + 1000,
        started_ns=opened_ns + nodes,
        arrived_ns=arrived_ns,
        cause=np.where(arrived_ns > 0, Cause.ARRIVED, Cause.DEADLINE),
        frames=nodes,
        retries=zeros,
    )
    counts = {"airtime_ns": nodes * 1000, "frames": nodes, "retries": zeros, "away_ns": zeros}
    devices = Devices.of(**counts, energy_j=random.random(NODES), x_m=random.random(NODES), y_m=random.random(NODES))
    return Exchange(opened_ns, opened_ns + ROUND_NS, links, deliveries, devices)


WRITERS = {"imported": _write_imported, "recorded": _write_recorded}
