"""What the network figures are drawn from: the trace, and of a run also what its devices computed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.results import Run
from testbed.trace import Trace, read

Times = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """A run directory or a trace folder, finished or not."""

    folder: Path
    trace: Trace
    compute_ns: Times | None
    """(rounds, devices); None where only the network was recorded."""
    compute_j: Reals | None

    @property
    def devices(self) -> int:
        return self.trace.header.nodes

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.trace.exchanges

    def device_column(self, name: str) -> Reals:
        """(rounds, devices) of a column of the trace's table `devices`."""
        return np.stack([getattr(exchange.devices, name) for exchange in self.exchanges]).astype(float)

    def edges_s(self) -> Reals:
        """Seconds at which the rounds opened, and at which the last one closed."""
        edges = [exchange.opened_ns for exchange in self.exchanges] + [self.exchanges[-1].closed_ns]
        return np.array(edges) / 1e9


def open_recording(folder: Path) -> Recording:
    """The recording in `folder`. Raises UserError if there is none, or not one whole round of it."""
    if not folder.exists():
        raise UserError(f"There is no folder {folder}: name a run directory or a trace folder.")
    trace = read(folder)
    if len(trace) == 0:
        raise UserError(f"{folder} is a trace without rounds: there is nothing to draw yet.")
    computed: dict[str, Any] = {}
    if Run.is_one(folder):
        trace, computed = _with_devices(trace, Run(folder).devices)
    return Recording(folder, trace, computed.get("compute_ns"), computed.get("compute_j"))


def _with_devices(trace: Trace, columns: dict[str, NDArray[Any]]) -> tuple[Trace, dict[str, NDArray[Any]]]:
    """The rounds that both the trace and the run's table have: a run that goes on writes one after the other."""
    count = trace.header.nodes
    rounds = min(len(trace), len(columns["round"]) // count)
    whole = Trace.of_rounds(trace.header, trace.outboxes[:rounds], trace.exchanges[:rounds])
    return whole, {name: columns[name][: rounds * count].reshape(rounds, count) for name in ("compute_ns", "compute_j")}
