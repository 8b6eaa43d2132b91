"""What a round costs in shards, against the same round in one process.

Turn by turn: on one thread of this process, the shards one after the other against all devices in one piece (`work`:
what sharding adds wherever the shards are, as every shard puts together all messages and the mean goes from shard to
shard); and over a Ray cluster on this machine against all threads of this process (`ray`: with the copies through the
object store and Ray's calls).
"""

import time
from statistics import median
from typing import Any

import torch

from testbed.network import connect
from testbed.scenario import Scenario, parse
from testbed.session.air import Air
from testbed.session.barrier import Barrier, Steps
from testbed.session.learner import Learner
from testbed.session.observer import Observer
from testbed.session.shards import Lead, Ray, sharded
from testbed.session.shards.crew import InProcess
from testbed.session.shards.cut import cut
from testbed.session.shards.shard import Shard
from testbed.session.stopwatch import Stopwatch

SHARDS = 2
TURNS = 5
MODELS = ("mlp", "cnn")


def shards(devices: int = 100) -> dict[str, Any]:
    """For each model: seconds of a round on one thread, in shards on it, on Ray, on all threads; and the two ratios."""
    return {"devices": devices, "shards": SHARDS, **{model: _measure(devices, model) for model in MODELS}}


def _measure(devices: int, model: str) -> dict[str, float]:
    scenario, observer = _scenario(devices, model), Observer()
    learner, threads = Learner(scenario), torch.get_num_threads()
    ways: dict[str, Barrier | Lead] = {}
    ways["one"] = Barrier(scenario, learner, _air(scenario, learner))
    held = [Shard(scenario, Learner(scenario), rows) for rows in cut(devices, SHARDS)]
    ways["shards"] = Lead(scenario, learner.algorithm, _air(scenario, learner), InProcess(held), observer)
    with sharded(Ray(shards=SHARDS), scenario, learner, _air(scenario, learner), None, observer) as lead:
        ways["ray"] = lead
        standings: dict[str, Any] = {name: way.start() for name, way in ways.items()}
        ways["all"], standings["all"] = ways["one"], standings["one"]
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(TURNS + 1):
            for name in ways:
                way: Steps = ways[name]
                torch.set_num_threads(1 if name in ("one", "shards") else threads)
                began = time.perf_counter()
                standings[name], _ = way.step(standings[name], Stopwatch())
                if turn > 0:  # the first one warms up
                    seconds[name].append(time.perf_counter() - began)
    torch.set_num_threads(threads)
    by = {f"{name}_s": median(times) for name, times in seconds.items()}
    return {**by, "work": by["shards_s"] / by["one_s"], "ray": by["ray_s"] / by["all_s"]}


def _air(scenario: Scenario, learner: Learner) -> Air:
    return Air(scenario, learner.workload, connect(scenario))


def _scenario(devices: int, model: str) -> Scenario:
    return parse(
        {
            "run": {"rounds": 1000, "deadline_s": 600.0},
            "devices": {"count": devices},
            "network": {"kind": "graph", "graph": "erdos-renyi", "density": 0.35},
            "model": {"name": model},
            "algorithm": {"name": "dpsgd", "batch_size": 32},
            "output": {"eval_every": 10, "eval_samples": 200},
        }
    )
