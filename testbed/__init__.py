"""The testbed for machine learning over real wireless networks.

    scenario = testbed.scenario.load("ns3_scenarios/quickstart.toml", ["run.rounds=10"])
    run = testbed.run(scenario, "runs/mine")
    again = testbed.replay("runs/mine/trace", scenario, "runs/again")

Importing this imports neither torch nor ns-3; what needs them is loaded when it is first used.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import scenario
from testbed.errors import UserError
from testbed.scenario import Scenario

if TYPE_CHECKING:
    from testbed import aggregation, trace
    from testbed.results import Run
    from testbed.trace import Trace

__all__ = ["Scenario", "UserError", "aggregation", "record", "replay", "run", "scenario", "trace"]


# Idle OpenMP threads of torch would spin on a core that the devices' own threads, or ns-3, could use.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def run(scenario: Scenario, out: str | Path, **options: Any) -> "Run":
    """Train as `scenario` says and write the run directory `out`; see `testbed.session.run`."""
    return import_module("testbed.session").run(scenario, Path(out), **options)  # type: ignore[no-any-return]


def record(scenario: Scenario, out: str | Path, **options: Any) -> "Trace":
    """Record the network of `scenario` into the folder `out`, without training; see `testbed.session.record`."""
    return import_module("testbed.session").record(scenario, Path(out), **options)  # type: ignore[no-any-return]


def replay(trace: str | Path, scenario: Scenario, out: str | Path, **options: Any) -> "Run":
    """Train as `scenario` says over a recorded `trace`, without ns-3; see `testbed.session.replay`."""
    return import_module("testbed.session").replay(Path(trace), scenario, Path(out), **options)  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    if name in ("aggregation", "trace"):
        return import_module(f"testbed.{name}")
    raise AttributeError(f"module 'testbed' has no attribute {name!r}")
