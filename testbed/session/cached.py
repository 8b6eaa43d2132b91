"""The network of a run, its air taken from the cache as far as it was simulated before.

Only for `ns3` in `barrier` mode: there what is sent is known ahead, whatever is learnt. In the event-driven modes what
is sent, and when, depends on the algorithm, so that no two runs meet the same air.
"""

import hashlib
import importlib.util
import json
from functools import cache
from pathlib import Path

import testbed
from testbed.errors import UserError
from testbed.network import Network, connect
from testbed.network.engine import engine_info, missing_engine
from testbed.scenario import Scenario
from testbed.scenario.files import content
from testbed.session.learner import Workload
from testbed.session.observer import Observer
from testbed.trace import Trace, read
from testbed.trace.store import Store

CODE = ("network", "devices", "exchange.py", "matching.py", "movement.py", "seeds.py", "session/air.py")
"""Our own sources that decide what an air is, beside the compiled engine."""


def serves(scenario: Scenario) -> bool:
    """Whether the cache is there for a scenario."""
    network, live = scenario.network, scenario.output.pcap is not None  # frames are captured as they are simulated
    return network.kind == "ns3" and scenario.run.mode == "barrier" and network.cache == "use" and not live


def find(scenario: Scenario, work: Workload, observer: Observer, recording: Path | None = None) -> Trace | None:
    """The air of the scenario, as long as it was simulated before: in the folder `recording`, else the cache's."""
    if not serves(scenario) or work.dynamic or missing_engine():
        return None
    trace = _read(recording, observer) if recording else Store().find(key(scenario, work), observer.noted)
    if trace and (trace.header.nodes, trace.header.seed) == (scenario.devices.count, scenario.run.seed):
        taken, source = min(len(trace), scenario.run.rounds), recording or "the cache"
        observer.noted(
            f"air: {taken} of {scenario.run.rounds} rounds were simulated before and are taken from {source}"
        )
        return trace
    return None


def _read(recording: Path, observer: Observer) -> Trace | None:
    try:
        return read(recording)
    except UserError as error:
        observer.noted(f"warning: the air in {recording} is simulated anew: {error}")
        return None


def network(scenario: Scenario, remembered: Trace | None) -> Network:
    """The network of the scenario; live from where `remembered` ends. Raises UserError as `connect` does."""
    if remembered is None:
        return connect(scenario)
    from testbed.network.remembered import Remembered

    placed = scenario.network.model_copy(update={"side_m": remembered.header.network["side_m"], "density": None})
    return Remembered(remembered, lambda: connect(scenario.model_copy(update={"network": placed})))


def keep(scenario: Scenario, work: Workload, trace: Path, rounds: int, observer: Observer) -> None:
    """Put the finished trace of a run into the cache."""
    if serves(scenario) and not work.dynamic:
        Store().keep(key(scenario, work), trace, rounds, observer.noted)


def key(scenario: Scenario, work: Workload) -> str:
    """SHA-256 of all that the air depends on; how many rounds of it are wanted is not among that."""
    tree = content(scenario, {"network": {"cache", "worker_timeout_s", "trace"}})
    about = {
        "network": tree["network"],
        "devices": tree["devices"],
        "seed": scenario.run.seed,
        "mode": scenario.run.mode,
        "deadline_s": scenario.run.deadlines_s(),
        "period_s": scenario.run.period_s,
        "message_bytes": work.message_bytes.tolist(),
        "exchanges": work.exchanges,
        "audience": work.audience,
        "median_ns": work.pace.median_ns.tolist(),
        "watts": work.watts.tolist(),
        "ns3": engine_info(),
        "code": _code(),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """SHA-256 of the engine and of the sources beside it: another build is another air."""
    home = Path(testbed.__file__).parent
    parts = [home / part for part in CODE]
    files = [file for part in parts for file in (sorted(part.rglob("*.py")) if part.is_dir() else [part])]
    engine = importlib.util.find_spec("testbed.network._engine")
    paths = [*files, Path(engine.origin)] if engine and engine.origin else files
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in paths)).hexdigest()
