"""Runs gathered into series: those that differ in their seed alone are one setting, with a mean and an interval."""

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.report.labels import method, pairs, short, text_of
from testbed.report.members import SEED, Member, read
from testbed.results import Run
from testbed.scenario.schema import sections

DENSITY = ("network.density", "network.side_m")
RANKS = ("lora.rank", "lora.budget_bytes")
MEASURED = ("data.name", "output.evaluate", "output.eval_samples")
"""Keys that decide what an accuracy is one of."""
METHOD = ("algorithm.", "lora.")
"""Sections of what is compared, where no key is named."""

Each = TypeVar("Each")


@dataclass(frozen=True)
class Setting:
    """Runs of one scenario under several seeds."""

    method: str
    """What is compared: the algorithm, or the keys that were named."""
    place: tuple[tuple[str, str], ...]
    """Keys and values that must be equal for two methods to be compared."""
    members: tuple[Member, ...]

    @property
    def density(self) -> float:
        """Realised connectivity density, the mean over rounds and runs."""
        return float(np.nanmean([member.curve.density for member in self.members]))

    def words(self, without: Iterable[str] = ()) -> str:
        """The place, as people write it; nothing where all runs have one."""
        return ", ".join(f"{short(key)} {value}" for key, value in self.place if value and key not in without)


@dataclass(frozen=True)
class Series:
    """A line of a figure: a method in one setting, or in several along the horizontal axis."""

    label: str
    settings: tuple[Setting, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(Run(member.folder) for setting in self.settings for member in setting.members)

    def column(self, name: str) -> NDArray[Any]:
        """(runs, rounds) of a column of `rounds`, cut to the shortest run."""
        return stacked([run.rounds[name] for run in self.runs])


def stacked(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """(runs, rounds), cut to the shortest."""
    shortest = min(map(len, columns))
    return np.stack([column[:shortest] for column in columns])


def gather(
    folders: Iterable[Path], groups: Sequence[str] = (), joined: Sequence[str] = (), partial: bool = True
) -> tuple[list[Series], list[str]]:
    """The runs in `folders` as series, in the order given, and sentences on what is not in them.

    `groups`: keys that tell methods apart; by default it is the algorithm, and a policy and merge of adapters.
    `joined`: keys along the horizontal axis, in which settings of one series may differ. Raises UserError for folders
    without runs, for keys that are none, and for runs whose accuracies are of different things.
    """
    _check_keys(groups)
    members, notes = read(folders, partial)
    kinds = list(grouped(members, lambda member: _json(member.keys, without=SEED)).values())
    notes += [note for kind in kinds for note in _doubles(kind)]
    varying = _varying([kind[0].keys for kind in kinds])
    _check_measures(kinds, [key for key in varying if key in MEASURED and key not in groups])
    settings = _settings([_one_a_seed(kind) for kind in kinds], groups, joined, varying)
    lines = grouped(settings, lambda each: (each.method, each.words(joined)))
    return [Series(", ".join(filter(None, names)), tuple(line)) for names, line in lines.items()], notes


def grouped(values: Iterable[Each], key: Callable[[Each], Hashable]) -> dict[Any, list[Each]]:
    """By key, in the order of their first."""
    groups: dict[Any, list[Each]] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return groups


def _settings(
    kinds: list[tuple[Member, ...]], groups: Sequence[str], joined: Sequence[str], varying: list[str]
) -> list[Setting]:
    """Methods of one name in one place differ in more than the name says: then that is said as well."""

    in_methods = not groups or any(key.startswith(METHOD) for key in groups)

    def is_method(key: str) -> bool:
        return key in groups or (in_methods and key.startswith(METHOD) and key not in joined)

    places = [tuple((key, text_of(kind[0].keys.get(key))) for key in varying if not is_method(key)) for kind in kinds]
    names = [method(kind[0], groups) for kind in kinds]
    more: dict[str, list[str]] = {}
    for (name, _), same in grouped(zip(names, places, kinds, strict=True), lambda each: each[:2]).items():
        more.setdefault(name, []).extend(filter(is_method, _varying([kind[0].keys for *_, kind in same])))
    names = [", ".join([name, *pairs(kind[0], more[name])]) for name, kind in zip(names, kinds, strict=True)]
    return [Setting(*each) for each in zip(names, places, kinds, strict=True)]


def _check_keys(groups: Sequence[str]) -> None:
    known = [f"{section}.{key}" for section, of in sections().items() for key in of.model_fields]
    for key in groups:
        if key not in known:
            near = get_close_matches(key, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else "write section.key, as in algorithm.p or data.alpha."
            raise UserError(f"--group {key} names no key of a scenario; {hint}")
        if key == SEED:
            raise UserError("--group run.seed: runs that differ in their seed are what a mean is taken over.")


def _check_measures(kinds: list[list[Member]], mixed: list[str]) -> None:
    if mixed:
        key = mixed[0]
        examples = grouped((kind[0] for kind in kinds), lambda member: text_of(member.keys.get(key)))
        told = "; ".join(f"{value} (as {of[0].folder.name})" for value, of in examples.items())
        raise UserError(
            f"These runs do not measure one thing: {key} is {told}. Name runs of one, or tell them apart by "
            f"--group {key}."
        )


def _varying(trees: Sequence[dict[str, Any]]) -> list[str]:
    """Keys that do not have one value in all of them, the seed aside."""
    keys = dict.fromkeys(key for tree in trees for key in tree if key != SEED)
    return [key for key in keys if len({_json(tree.get(key)) for tree in trees}) > 1]


def _one_a_seed(kind: list[Member]) -> tuple[Member, ...]:
    """The first of each seed, by seed."""
    found = grouped(kind, lambda member: member.seed)
    return tuple(found[seed][0] for seed in sorted(found))


def _doubles(kind: list[Member]) -> list[str]:
    found = grouped(kind, lambda member: member.seed)
    return [
        f"{same[0].folder.name} and {same[1].folder.name} are one run, seed {seed}: the first counts."
        for seed, same in found.items()
        if len(same) > 1
    ]


def _json(tree: Any, without: str | None = None) -> str:
    kept = {key: value for key, value in tree.items() if key != without} if without else tree
    return json.dumps(kept, sort_keys=True)
