"""Runs read for a figure: what each gave, and the scenario it gave it under."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.results import Run, Sweep, runs_in
from testbed.results.curve import Curve, curve_of
from testbed.results.manifest import mixed, version_of
from testbed.scenario import Scenario, load
from testbed.scenario.files import KEPT_OUT_OF_THE_HASH, content
from testbed.scenario.schema import Network
from testbed.trace import header

SEED = "run.seed"
FOUND = {"side_m", "ns3_optimised", "ns3_profile"}
"""Of what a trace says of its network, what is no setting: the side that the seed's density search found, the build."""
OURS = ("ns3", "graph")
"""Networks that say all of themselves, but for the seed."""


@dataclass(frozen=True)
class Member:
    """One run of a figure."""

    folder: Path
    scenario: Scenario
    keys: dict[str, Any]
    """`section.key` to value: all that decides the result, the seed included. Equal for a live run and its replay."""
    curve: Curve
    finished: bool
    """Or diverged, which is an end as well."""
    entry: str = ""
    """What its sweep calls the entry of `[[list]]` that it is of."""

    @property
    def seed(self) -> int:
        return self.scenario.run.seed


def read(folders: Iterable[Path], partial: bool) -> tuple[list[Member], list[str]]:
    """The runs in `folders` (run directories, sweeps, folders of runs) and sentences on those that are left out.

    Unfinished runs are left out where there is a finished one; where there is none they are taken if `partial`.
    Raises UserError if nothing is left, and for runs of another version that cannot be read.
    """
    folders = list(folders)
    paths = dict.fromkeys(path.resolve() for folder in folders for path in runs_in(folder))
    if not paths:
        raise UserError("Name at least one run directory, sweep or folder of runs.")
    entries = _entries(folders)
    begun = [member for path in paths if (member := _begun(path, entries.get(path, "")))]
    finished = [member for member in begun if member.finished]
    if not finished and not (partial and begun):
        raise UserError(f"None of the {len(paths)} runs has finished: there is nothing to plot yet.")
    taken = finished or begun
    notes = [f"{_count(len(paths) - len(taken))} unfinished and left out."] if len(taken) < len(paths) else []
    notes += _not_begun(folders)
    notes += [] if finished else ["No run has finished: this is how far they are."]
    wild = sum(member.curve.diverged for member in taken)
    notes += (
        [f"{_count(wild)} taken as never reaching a target, for diverging; before that is its best."] if wild else []
    )
    told = mixed(Run(member.folder).manifest for member in taken)
    notes += [told] if told else []
    for member in taken:
        if not member.curve.diverged and not np.isfinite(member.curve.accuracy).any():
            raise UserError(f"{member.folder} has no evaluated round yet.")
    return taken, notes


def _entries(folders: Iterable[Path]) -> dict[Path, str]:
    """By the run directories of sweeps."""
    sweeps = [Sweep(folder) for folder in folders if Sweep.is_one(folder)]
    return {each.place(cell).resolve(): str(cell.entry) for each in sweeps for cell in each.cells}


def _not_begun(folders: Iterable[Path]) -> list[str]:
    sweeps = [Sweep(folder) for folder in folders if Sweep.is_one(folder)]
    missing = [(sum(not Run.is_one(each.place(cell)) for cell in each.cells), each) for each in sweeps]
    return [f"{count} of the {len(each.cells)} cells of {each.name} are not begun." for count, each in missing if count]


def _count(runs: int) -> str:
    return f"{runs} run{'s are' if runs > 1 else ' is'}"


def _begun(folder: Path, entry: str) -> Member | None:
    """None for a run without any whole round."""
    run = Run(folder)
    try:
        scenario = load(folder / "scenario.toml")
        network = header(folder).network
        curve = curve_of(folder)
    except UserError as error:
        if not run.finished and not _has_rounds(run):
            return None
        raise UserError(f"{error}{_versions(run)}") from None
    return Member(folder, scenario, _keys(scenario, network), curve, run.finished or curve.diverged, entry)


def _has_rounds(run: Run) -> bool:
    try:
        return bool(run.rounds)
    except UserError:
        return False


def _versions(run: Run) -> str:
    """A hint where another version wrote the run."""
    versions = run.manifest.get("versions")
    theirs, ours = versions.get("testbed") if isinstance(versions, dict) else None, version_of("testbed")
    return "" if theirs in (None, ours) else f" testbed {theirs} wrote {run.folder}; this is {ours}."


def _keys(scenario: Scenario, network: dict[str, Any]) -> dict[str, Any]:
    """Of a radio or a graph what the trace says counts, be it live or replayed, and what the scenario wanted of it; of
    another network all that the scenario says."""
    if network.get("kind") in OURS:
        stated = scenario.network.side_m
        wanted = {"density": scenario.network.wanted_density} if stated is None else {"side_m": stated}
        told = wanted | {key: value for key, value in network.items() if key not in FOUND}
        tree = content(scenario, KEPT_OUT_OF_THE_HASH | {"network": set(Network.model_fields)}) | {"network": told}
    else:
        tree = content(scenario, KEPT_OUT_OF_THE_HASH)
    return {f"{section}.{key}": value for section, keys in tree.items() for key, value in keys.items()}
