"""Convergence against connectivity density: the same learning over sparser and denser air.

    python scripts/sweep_density.py runs/density

Reads from top to bottom; change the lists to your question. Stopped, it goes on where it was.
"""

import sys
from pathlib import Path

import testbed
from testbed.report import plot

out = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/density")
scenario_file = Path(__file__).parents[1] / "ns3_scenarios" / "quickstart.toml"
rounds = 40
densities = [0.2, 0.5, 0.8]
algorithms = ["hyperprism", "dpsgd"]
seeds = [1, 2]

folders = []
for density in densities:
    for algorithm in algorithms:
        for seed in seeds:
            keys = {
                "run.rounds": rounds,
                "run.seed": seed,
                "network.density": density,
                "algorithm.name": algorithm,
            }
            folder = out / f"{algorithm}-density{density}-seed{seed}"
            run = testbed.run(testbed.scenario.load(scenario_file, keys), folder, resume=True)
            print(f"{folder.name:40} best accuracy {run.best_accuracy:.4f}")
            folders.append(folder)

print(plot("density", folders, out / "density.png"))
