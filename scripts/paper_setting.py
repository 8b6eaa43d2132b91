"""The base case of the HyperPrism paper: 50 devices, MNIST, Dirichlet 0.1, density 0.5, lr 0.01, batch 128, 100 rounds.

    testbed data fetch mnist
    python scripts/paper_setting.py graph runs/paper        # random graphs, as papers do
    python scripts/paper_setting.py ns3 runs/paper 3        # the same over a live 802.11a air, three seeds

Prints a Markdown table. Reads from top to bottom; stopped, it goes on where it was.
"""

import sys
from pathlib import Path

import numpy as np

import testbed
from testbed.report import plot

kind = sys.argv[1] if len(sys.argv) > 1 else "graph"
out = Path(sys.argv[2] if len(sys.argv) > 2 else "runs/paper")
scenario_file = Path(__file__).parents[1] / "ns3_scenarios" / "hyperprism_mnist.toml"
seeds = list(range(1, 1 + (int(sys.argv[3]) if len(sys.argv) > 3 else 5)))
methods = {
    "D-PSGD": {"algorithm.name": "dpsgd"},
    "ATC": {"algorithm.name": "atc"},
    "WPM primal, p = 9": {"algorithm.name": "wpm", "algorithm.variant": "primal", "algorithm.p": 9.0},
    "WPM mirror, p = 3": {"algorithm.name": "wpm", "algorithm.p": 3.0},
    "WPM mirror, p = 9": {"algorithm.name": "wpm", "algorithm.p": 9.0},
    "HyperPrism mirror, expected": {"algorithm.name": "hyperprism"},
    "HyperPrism mirror, hard": {"algorithm.name": "hyperprism", "algorithm.choice": "hard"},
}

print("| method | best accuracy | spread | @10 | @20 | @50 | @100 | simulated s | worst seed |")
print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
folders = []
for method, keys in methods.items():
    runs = []
    for seed in seeds:
        scenario = testbed.scenario.load(scenario_file, {"network.kind": kind, "run.seed": seed, **keys})
        folder = out / f"{kind}-{method.replace(' ', '').replace(',', '-')}-{seed}"
        if kind == "ns3":
            # The messages of all methods have one size, so the air of a seed is simulated once.
            air = out / f"air-{seed}"
            testbed.record(testbed.scenario.load(scenario_file, {"run.seed": seed}), air, resume=True)
            runs.append(testbed.replay(air, scenario, folder, resume=True))
        else:
            runs.append(testbed.run(scenario, folder, resume=True))
        folders.append(folder)
    accuracy = np.array([run.rounds["accuracy_mean"] for run in runs])
    best, at = accuracy.max(1), accuracy.mean(0)[[9, 19, 49, 99]]
    seconds = np.mean([run.rounds["closed_ns"][-1] / 1e9 for run in runs])
    row = [f"{best.mean():.3f}", f"{best.std(ddof=1):.3f}", *(f"{value:.3f}" for value in at)]
    print(f"| {method} | {' | '.join(row)} | {seconds:.1f} | {best.min():.3f} |", flush=True)

print(plot("time", folders, out / f"{kind}.png"))
