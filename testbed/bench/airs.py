"""The air that the benchmarks of the channel share: a density that stays as devices become more."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS
from testbed.network.engine import world_settings
from testbed.network.positions import positions
from testbed.network.process import Worker
from testbed.scenario import Scenario, parse

SQUARE_M2_PER_DEVICE = 500.0**2 / 50
FRAMES, FRAME_BYTES = 23, 1400
DEADLINE_NS = 30_000_000_000
LOSS = {"model": "ns3::LogDistancePropagationLossModel", "Exponent": 3.0, "ReferenceLoss": 46.67}


class Air:
    """A world of its own in a worker: each device sends FRAMES broadcast frames a round, and nothing is repaired."""

    def __init__(self, devices: int, **network: Any) -> None:
        self.devices, self._opened_ns = devices, 0
        self.side_m = math.sqrt(devices * SQUARE_M2_PER_DEVICE)
        self._scenario = _scenario(devices, {"side_m": self.side_m} | network)
        self._worker = Worker(timeout_s=3600)
        self._worker.request("open", world_settings(self._scenario, self.side_m))

    def round(self, number: int) -> tuple[dict[str, Any], float]:
        """What the engine gives back, and the seconds of processor time that it took."""
        arguments = self._arguments(number)
        began = _processor_s(self._worker.pid)
        raw = self._worker.request("round", *arguments)
        self._opened_ns = raw["closed_ns"]
        return raw, _processor_s(self._worker.pid) - began

    def peak_rss_gb(self) -> float:
        """The most memory that the worker has held."""
        with Path(f"/proc/{self._worker.pid}/status").open(encoding="ascii") as status:
            (kilobytes,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
        return int(kilobytes) * 1024 / 1e9

    def close(self) -> None:
        self._worker.close()

    def _arguments(self, number: int) -> tuple[Any, ...]:
        opened_ns, seed, network = self._opened_ns, self._scenario.run.seed, self._scenario.network
        place = positions(self.devices, seed, network, self.side_m, number)
        sizes, ready = np.full(self.devices, FRAMES * FRAME_BYTES), np.full(self.devices, opened_ns)
        nobody = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64)
        senders = np.arange(self.devices, dtype=np.int32)
        messages = senders, np.full_like(senders, ALL_NEIGHBOURS), sizes, ready, 0
        return number, opened_ns, opened_ns + DEADLINE_NS, place, *messages, *nobody


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rounds agree in every row: links, deliveries, devices, and when the round closed."""
    tables = ("links", "deliveries", "devices")
    return one["closed_ns"] == other["closed_ns"] and all(
        np.array_equal(column, other[table][name], equal_nan=column.dtype.kind == "f")
        for table in tables
        for name, column in one[table].items()
    )


def _scenario(devices: int, network: dict[str, Any]) -> Scenario:
    keys = {"repair": "none", "payload_bytes": FRAME_BYTES, "load": 0.3, "mobility": "static", "loss": LOSS}
    return parse({"devices": {"count": devices}, "network": keys | network})


def _processor_s(pid: int) -> float:
    """Processor time of another process, by the clock that Linux keeps for it: others' load does not count."""
    return time.clock_gettime((~pid << 3) | 2)
