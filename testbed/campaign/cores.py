"""How many processes this machine has cores and memory for."""

import os
from collections.abc import Iterable
from pathlib import Path

from testbed.learning.data.sets import SETS
from testbed.scenario import Scenario
from testbed.session.adapters import learnt_of

PROCESS_BYTES = 600e6
"""Of a worker before it has data or models: Python, PyTorch, the network's process beside it."""
COPIES = 8
"""Of all models: parameters, gradients, momenta, what was received and what is mixed."""


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_for(scenarios: Iterable[Scenario]) -> int:
    """As many as there are cores and memory for, each computing on one thread; one at the least."""
    free, need = free_bytes(), max(map(needed_bytes, scenarios), default=PROCESS_BYTES)
    return cores() if free is None else min(cores(), max(1, int(free / need)))


def needed_bytes(scenario: Scenario) -> float:
    """About what a worker takes that runs it."""
    facts = SETS.get(scenario.data.name)
    samples = 4.0 * facts.images * facts.shape[0] * facts.shape[1] * facts.shape[2] if facts else 0.0
    return PROCESS_BYTES + 2 * samples + COPIES * 4.0 * scenario.devices.count * learnt_of(scenario).spec.size


def free_bytes() -> float | None:
    """What the system says that it can give; None where it does not say."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as file:
            return next(1024.0 * int(line.split()[1]) for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None
