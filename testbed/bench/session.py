"""Where the time of a whole run goes: 50 devices of logistic regression, over graphs and over ns-3."""

import tempfile
import time
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.learning.data import load
from testbed.network.engine import missing_engine
from testbed.results.directory import PARTS
from testbed.scenario import Scenario, parse
from testbed.session import run

ROUNDS = {"graph": 100, "ns3": 5}


def session() -> dict[str, Any]:
    """Shares of the parts, rounds per second and seconds in all: of D-PSGD over `graph`, evaluated every round on the
    first 2,000 test images, and on all of them; and, where there is an engine, of a shorter run over `ns3`.

    There `simulation_s` is the network's time for a round; the share `network` is what the run waited for it.

    Real MNIST where it is here, else the embedded 5,000 digits.
    """
    data = _data()
    measured = {"data": data, **_measure(_scenario("graph", data, 2000))}
    measured["all_test_images"] = _measure(_scenario("graph", data, 0))
    if missing_engine() is None:
        measured["ns3"] = _measure(_scenario("ns3", data, 0))
    return measured


def _measure(scenario: Scenario) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        wall = run(scenario, Path(folder) / "run").wall
        seconds = time.perf_counter() - began
    parts = {part: float(wall[f"{part}_s"].sum()) for part in PARTS}
    inside = sum(parts.values())
    live = {}
    if wall["events"].any():
        simulation_s = float(wall["simulation_s"].sum())
        live = {"events_per_s": wall["events"].sum() / simulation_s, "simulation_s": simulation_s / scenario.run.rounds}
    return {
        "shares": {part: value / inside for part, value in parts.items()},
        "rounds_per_s": scenario.run.rounds / inside,
        "rounds": scenario.run.rounds,
        "seconds": seconds,
        "round_s": inside / scenario.run.rounds,
        **live,
    }


def _scenario(kind: str, data: str, eval_samples: int) -> Scenario:
    return parse(
        {
            "run": {"rounds": ROUNDS[kind]},
            "devices": {"count": 50},
            "network": {"kind": kind, "density": 0.5, "cache": "off"},
            "data": {"name": data},
            "algorithm": {"name": "dpsgd"},
            "output": {"eval_samples": eval_samples},
        }
    )


def _data() -> str:
    try:
        load("mnist")
    except UserError:
        return "mnist5k"
    return "mnist"
