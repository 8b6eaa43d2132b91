"""Run directories made by hand: three devices, of which 0 and 1 are linked; what is in them is known."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from testbed.results import RunWriter
from testbed.results.directory import DEVICES, ROUNDS
from testbed.scenario import dumps, parse
from tests.report.recordings import MS, RADIO, Round, pair_and_loner, trace

HOSTILE = "</script><img src=x onerror=alert(1)>"
ACCURACIES = [[0.1, 0.2, 0.3], [0.5, 0.4, 0.6], [0.9, 0.7, 0.8]]

MANIFEST = {
    "command": "testbed run a.toml",
    "seed": 7,
    "wall_s": 0.0,
    "versions": {"testbed": "0.1.0", "ns3": None},
    "host": {"cores": 2},
}


def run(
    folder: Path,
    accuracies: list[list[float]] = ACCURACIES,
    traced: bool = True,
    rounds: list[Round] | None = None,
    network: dict[str, object] = RADIO,
    done: bool = True,
    name: str = "mine",
    **sections: dict[str, Any],
) -> Path:
    """A run of rounds of 100 ms; `accuracies` (rounds, devices) of its devices. Its name may be one that none has."""
    folder.mkdir(parents=True)
    made = [pair_and_loner(100 * MS * round_) for round_ in range(len(accuracies))] if rounds is None else rounds
    devices = len(accuracies[0]) if accuracies else 3
    if traced:
        trace(folder / "trace", made, devices, network)
    tree = {"run": {"rounds": max(len(accuracies), 1), "seed": 7}, "devices": {"count": devices}, **sections}
    whole = tomllib.loads(dumps(parse(tree)))
    whole["run"]["name"] = name
    (folder / "scenario.toml").write_text(tomli_w.dumps(whole), "utf-8")
    writer = RunWriter(folder, MANIFEST, [])
    for round_, values in enumerate(accuracies):
        append(writer, round_, values)
    if done:
        writer.finish()
    else:
        writer.stop("Diverged: The run diverged in round 3: the loss 1e9 of device 1.")
    return folder


def append(writer: RunWriter, round_: int, accuracies: list[float]) -> None:
    """A round in which the devices have these."""
    count = len(accuracies)
    writer.append("rounds", _round(round_, np.array(accuracies)))
    columns = {name: np.zeros(count) for name, _ in DEVICES}
    writer.append(
        "devices", columns | {"round": np.full(count, round_), "device": np.arange(count), "accuracy": accuracies}
    )


def _round(round_: int, accuracies: np.ndarray) -> dict[str, list[float]]:
    row: dict[str, float] = dict.fromkeys(ROUNDS.names, 0)
    row |= {"round": round_, "opened_ns": 100 * MS * round_, "closed_ns": 100 * MS * (round_ + 1)}
    row |= {
        "accuracy_mean": accuracies.mean(),
        "accuracy_std": accuracies.std(),
        "density": 1 / 3,
        "delivered": 1,
        "lost": 1,
    }
    row |= {"bytes": 300, "energy_j": np.nan}
    return {name: [value] for name, value in row.items()}


def spoil(folder: Path, **values: Any) -> Path:
    """Put these into the manifest of a run."""
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), "utf-8")
    return folder
