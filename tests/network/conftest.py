"""Live networks for a test, closed behind it; skipped with the reason where there is no engine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from testbed.network.engine import missing_engine
from testbed.network.ns3 import Ns3Network
from testbed.network.process import Worker
from testbed.scenario import Scenario, parse

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


class Kept(Worker):
    """A worker that outlives the networks that use it: loading the official bindings takes 20 s."""

    def close(self) -> None:
        """Not yet."""

    def end(self) -> None:
        super().close()


@pytest.fixture(scope="session")
def bindings_worker() -> Iterator[Kept]:
    if reason := missing_engine():
        pytest.skip(reason)
    worker = Kept(timeout_s=60)
    yield worker
    worker.end()


@pytest.fixture
def scripted(bindings_worker: Kept, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scenario], Ns3Network]:
    """Networks of scenarios with scripts, one at a time, all in one worker."""
    monkeypatch.setattr("testbed.network.live.Worker", lambda timeout_s: bindings_worker)
    return Ns3Network
