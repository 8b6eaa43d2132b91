"""Run directories made by hand: two devices, a simulated second and a megabyte a round."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from testbed.results import RunWriter
from testbed.results.directory import DEVICES, ROUNDS, WALL
from testbed.scenario import dumps, parse
from testbed.trace import Header, TraceWriter

APART = 0.1
"""Of the two devices' accuracies, half."""


def run(
    folder: Path,
    accuracy: Sequence[float],
    seed: int = 1,
    density: float = 0.5,
    end: str = "finished",
    energy_j: float = 1.0,
    rank: float | None = None,
    sections: dict[str, dict[str, object]] | None = None,
    **algorithm: object,
) -> Path:
    """A run directory with these mean accuracies; `end`: finished, or the reason for which it stopped."""
    folder.mkdir(parents=True)
    tree = {"run": {"seed": seed}, "network": {"density": density}, "algorithm": algorithm}
    for section, keys in (sections or {}).items():
        tree[section] = tree.get(section, {}) | keys
    (folder / "scenario.toml").write_text(dumps(parse(tree)))
    network = {"kind": "ns3", "side_m": 100.0 + seed}
    TraceWriter(folder / "trace", Header(nodes=2, seed=seed, network=network, scenario="0")).close()
    writer = RunWriter(folder, {"wall_s": 0.0}, [] if rank is None else ["rank", "energy_above"])
    for round_, value in enumerate(accuracy):
        row: dict[str, float] = dict.fromkeys(ROUNDS.names, 0)
        row |= {"round": round_, "closed_ns": (round_ + 1) * 10**9, "bytes": 10**6, "energy_j": energy_j}
        row |= {"density": density, "accuracy_mean": value}
        writer.append("rounds", {name: [each] for name, each in row.items()})
        writer.append("wall", {name: [0] for name in WALL.names})
        devices = {name: np.zeros(2, int) for name, _ in DEVICES} | {"device": np.arange(2)}
        devices |= {"accuracy": value + np.array([-APART, APART])}
        devices |= {} if rank is None else {"rank": np.full(2, rank), "energy_above": np.zeros(2)}
        writer.append("devices", devices)
    if end == "finished":
        writer.finish()
    else:
        writer.stop(end)
    return folder


def seeds(home: Path, name: str, best: Sequence[float], density: float = 0.5, **keys: object) -> list[Path]:
    """A finished run of an algorithm for each seed from 1 on, that comes to its best in the third round."""
    return [
        run(home / f"{name}-{density}-s{seed}", [0.1, 0.2, value], seed, density, name=name, **keys)  # type: ignore[arg-type]
        for seed, value in enumerate(best, 1)
    ]
