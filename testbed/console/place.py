"""Which scenario is meant, and which folder its results go to."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from testbed.errors import UserError
from testbed.results import Run
from testbed.scenario import Scenario, fingerprint, load


def place(
    path: Path, overrides: list[str], out: Path | None, resume: bool, root: str = "runs"
) -> tuple[Scenario, Path]:
    """The scenario at `path` (a file, or a run directory) and its folder.

    Without `out`: the first free one of ROOT/NAME, ROOT/NAME-2, ...; with `resume` the last one in use that holds
    this scenario.
    """
    is_run = path.is_dir()
    if is_run and not (path / "scenario.toml").is_file():
        raise UserError(f"{path} is a folder without a scenario.toml: name a scenario file or a run directory.")
    scenario = load(path / "scenario.toml" if is_run else path, overrides)
    if out is not None:
        return scenario, out
    if is_run and resume:
        return scenario, path
    taken, free = [], Path()
    for folder in _candidates(Path(root), scenario.run.name):
        if not folder.exists():
            free = folder
            break
        taken.append(folder)
    mine = [folder for folder in taken if resume and _holds(folder, scenario)]
    return scenario, mine[-1] if mine else free


def _candidates(root: Path, name: str) -> Iterator[Path]:
    yield root / name
    yield from (root / f"{name}-{number}" for number in count(2))


def _holds(folder: Path, scenario: Scenario) -> bool:
    """Whether `folder` holds an unfinished run of this scenario."""
    try:
        same = fingerprint(load(folder / "scenario.toml")) == fingerprint(scenario)
        return same and not (Run.is_one(folder) and Run(folder).finished)
    except UserError:
        return False
