"""Runs gathered into series: those that differ in their seed alone are one, with a mean and a spread."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.results import Run
from testbed.scenario import Scenario, fingerprint, load
from testbed.scenario.algorithms import title
from testbed.trace import header


@dataclass(frozen=True)
class Series:
    """Runs of one scenario under several seeds."""

    label: str
    algorithm: str
    runs: tuple[Run, ...]

    def column(self, name: str) -> NDArray[Any]:
        """(runs, rounds) of a column of `rounds`, cut to the shortest run."""
        columns = [run.rounds[name] for run in self.runs]
        shortest = min(map(len, columns))
        return np.stack([column[:shortest] for column in columns])

    @property
    def density(self) -> float:
        """Realised connectivity density, the mean over rounds and runs."""
        return float(self.column("density").mean())

    def best(self) -> NDArray[np.float64]:
        """Best mean accuracy of each run."""
        return np.array([run.best_accuracy for run in self.runs])

    def seconds_to(self, target: float) -> NDArray[np.float64]:
        """Simulated seconds until each run's mean accuracy first reached `target`; NaN where it never did."""
        reached = [np.flatnonzero(run.rounds["accuracy_mean"] >= target) for run in self.runs]
        return np.array(
            [
                run.rounds["closed_ns"][at[0]] / 1e9 if len(at) else np.nan
                for run, at in zip(self.runs, reached, strict=True)
            ]
        )


def gather(folders: list[Path]) -> list[Series]:
    """The runs in `folders` as series, in the order given. Raises UserError for a folder that holds none."""
    groups: dict[str, list[tuple[Scenario, Run]]] = {}
    for folder in dict.fromkeys(each.resolve() for each in folders):
        run = Run(folder)
        scenario = load(folder / "scenario.toml")
        groups.setdefault(_kinship(scenario, folder), []).append((scenario, run))
    members = list(groups.values())
    if not members:
        raise UserError("Name at least one run directory.")
    labels = [_algorithm(group[0][0]) for group in members]
    names = [group[0][1].folder.name for group in members]
    shown = next((each for each in (labels, names) if len(set(each)) == len(each)), None)
    shown = shown or [str(group[0][1].folder) for group in members]
    return [
        Series(name, label, tuple(run for _, run in group))
        for name, label, group in zip(shown, labels, members, strict=True)
    ]


def _kinship(scenario: Scenario, folder: Path) -> str:
    """Equal for runs that differ in their seed alone, be they live or replayed: what the trace says of the network
    counts, less the side that the seed's density search found."""
    seedless = scenario.model_copy(
        update={"run": scenario.run.model_copy(update={"seed": 0}), "network": Scenario().network}
    )
    network = {key: value for key, value in header(folder).network.items() if key != "side_m"}
    return json.dumps([fingerprint(seedless), network, scenario.network.wanted_density], sort_keys=True)


def _algorithm(scenario: Scenario) -> str:
    algorithm = scenario.algorithm
    match algorithm.name:
        case "wpm":
            return f"WPM p={algorithm.p:g}, {algorithm.variant}"
        case "hyperprism":
            return f"HyperPrism {algorithm.choice}, {algorithm.variant}"
        case name:
            return title(name)
