"""Compare algorithms on one air: the same seed, the same positions, the same links.

    python scripts/compare_algorithms.py runs/compare

Reads from top to bottom; change the lists and the scenario to your question. Stopped, it goes on where it was.
"""

import sys
from pathlib import Path

import testbed
from testbed.report import plot

out = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/compare")
scenario_file = Path(__file__).parents[1] / "ns3_scenarios" / "quickstart.toml"
rounds = 40
settings = {
    "hyperprism": {"algorithm.name": "hyperprism"},
    "wpm-p3": {"algorithm.name": "wpm", "algorithm.p": 3.0},
    "dpsgd": {"algorithm.name": "dpsgd"},
    "atc": {"algorithm.name": "atc"},
}

# The network is recorded once. All algorithms send messages of the same size, so it serves them all.
trace = out / "trace"
testbed.record(testbed.scenario.load(scenario_file, {"run.rounds": rounds}), trace, resume=True)

for name, keys in settings.items():
    scenario = testbed.scenario.load(scenario_file, {"run.rounds": rounds, **keys})
    run = testbed.replay(trace, scenario, out / name, resume=True)
    print(f"{name:12} best accuracy {run.best_accuracy:.4f}")

print(plot("time", [out / name for name in settings], out / "time.png"))
