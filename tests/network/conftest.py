"""Live networks for a test, closed behind it; skipped with the reason where there is no engine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from testbed.network.engine import missing_engine
from testbed.network.ns3 import Ns3Network
from testbed.network.process import Worker
from testbed.scenario import parse

Live = Callable[..., Ns3Network]


@pytest.fixture
def engine() -> None:
    if reason := missing_engine():
        pytest.skip(reason)


@pytest.fixture
def live(engine: None) -> Iterator[Live]:
    """`live(devices, seed=1, deadline_s=10.0, **keys of [network])`, in a square of 20 m unless said otherwise."""
    with ExitStack() as stack:

        def make(devices: int, seed: int = 1, deadline_s: float = 10.0, **keys: Any) -> Ns3Network:
            place = {} if "density" in keys else {"side_m": 20.0}
            sections = {"run": {"seed": seed, "deadline_s": deadline_s}, "devices": {"count": devices}}
            network = Ns3Network(parse(sections | {"network": place | keys}))
            return stack.enter_context(closing(network))

        yield make


@pytest.fixture
def worker(engine: None) -> Iterator[Worker]:
    with closing(Worker(timeout_s=30)) as made:
        yield made
