"""The file of a sweep: a base scenario, and what its cells differ in.

[sweep]
name = "density"
base = "quickstart.toml"                 # a scenario file, from this file's folder
seeds = 5                                # run.seed from 1 to 5; or a list

[set]                                    # keys that all cells have
run.rounds = 100

[grid]                                   # every combination of these
network.density = [0.2, 0.5, 0.8]

[[list]]                                 # keys that belong together, one table after the other
label = "HyperPrism"
algorithm.name = "hyperprism"

[random]                                 # so many draws of all of these together
draws = 10
algorithm.lr = {low = 1e-3, high = 1.0, log = true}
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from testbed.errors import UserError
from testbed.scenario.complaints import unknown
from testbed.scenario.files import read_toml
from testbed.scenario.schema import sections
from testbed.sweep.spread import Spread

Keys = dict[str, Any]
"""Values by section.key."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Head(Strict):
    """What stands in [sweep]."""

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    base: str
    seeds: Annotated[int, Field(ge=1, strict=True)] | list[Annotated[int, Field(ge=0, strict=True)]] | None = None


class Entry(Strict):
    """A table of [[list]]."""

    label: str | None = None
    keys: Keys


class Draws(Strict):
    """What stands in [random]."""

    draws: int = Field(ge=1, strict=True)
    seed: int = Field(1, ge=0, strict=True)
    keys: dict[str, Spread] = Field(min_length=1)


class SweepFile(Strict):
    """All that a file says; tables of sections are laid out as section.key."""

    sweep: Head
    common: Keys = Field({}, alias="set")
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = {}
    listed: tuple[Entry, ...] = Field((), alias="list")
    random: Draws | None = None

    @property
    def seeds(self) -> list[int] | None:
        """Those of the cells; None where all have the base's."""
        seeds = self.sweep.seeds
        return list(range(1, seeds + 1)) if isinstance(seeds, int) else seeds

    def keys(self) -> dict[str, str]:
        """Every key that cells are given, and the table that it stands in."""
        listed = {key: "list" for entry in self.listed for key in entry.keys}
        drawn = dict.fromkeys(self.random.keys if self.random else (), "random")
        return dict.fromkeys(self.common, "set") | dict.fromkeys(self.grid, "grid") | listed | drawn


def read_sweep(path: Path) -> SweepFile:
    """Raises UserError for what is no sweep: a damaged file, keys that no scenario has, axes without a value."""
    tree = read_toml(path, "sweep")
    try:
        file = SweepFile.model_validate(_laid_out(tree, path))
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {_sentence(detail)}" for detail in error.errors()[:5])) from None
    for key, table in file.keys().items():
        _require_key(key, table, path)
    _require_once(file, path)
    return file


def _laid_out(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """Sections within tables as section.key."""
    out = dict(tree)
    for table in ("set", "grid"):
        if table in tree:
            out[table] = _flat(tree[table], table, path)
    if isinstance(tree.get("list"), list):
        out["list"] = [_entry(each, "list", ("label",), path) for each in tree["list"]]
    if "random" in tree:
        out["random"] = _entry(tree["random"], "random", ("draws", "seed"), path)
    return out


def _entry(table: Any, name: str, own: tuple[str, ...], path: Path) -> dict[str, Any]:
    """Its own keys apart from those of the scenario."""
    if not isinstance(table, dict):
        raise UserError(f"{path}: {name} should be a table, written [{name}] or [[{name}]].")
    keys = _flat({key: value for key, value in table.items() if key not in own}, name, path)
    return {**{key: table[key] for key in own if key in table}, "keys": keys}


def _flat(table: Any, name: str, path: Path) -> Keys:
    if not isinstance(table, dict):
        raise UserError(f"{path}: {name} should be a table, written [{name}].")
    keys: Keys = {}
    for key, value in table.items():
        if "." in key:
            keys[key] = value
        elif isinstance(value, dict):
            keys.update({f"{key}.{inner}": each for inner, each in value.items()})
        else:
            raise UserError(f"{path}: {key!r} in [{name}] names no key: write section.key, as in network.density.")
    return keys


def _require_key(key: str, table: str, path: Path) -> None:
    section, _, name = key.partition(".")
    known = sections()
    if section not in known:
        raise UserError(f"{path}, [{table}]: {unknown((section,))}")
    if name not in known[section].model_fields:
        raise UserError(f"{path}, [{table}]: {unknown((section, name))}")
    if key == "run.name":
        raise UserError(f"{path}, [{table}]: run.name is made by the sweep, from what a cell differs in.")
    if key == "run.seed":
        raise UserError(f"{path}, [{table}]: seeds stand in [sweep]: `seeds = 5` for 1 to 5, or a list of them.")


def _require_once(file: SweepFile, path: Path) -> None:
    """A key stands in one table alone, but that others may change what [set] says."""
    listed = {key for entry in file.listed for key in entry.keys}
    axes = [*file.grid, *listed, *(file.random.keys if file.random else ())]
    twice = next((key for key in axes if axes.count(key) > 1), None)
    if twice:
        raise UserError(f"{path}: {twice} is varied twice: by grid, list or random, take one.")
    if file.seeds == []:
        raise UserError(f"{path}: sweep.seeds is empty: write how many, or a list of them.")


def _sentence(detail: Any) -> str:
    where, value = ".".join(str(part) for part in detail["loc"]), detail["input"]
    match detail["type"]:
        case "missing":
            return f"{where} is missing."
        case "extra_forbidden":
            return f"{where} is not known; a sweep has sweep, set, grid, list and random (see docs/sweep.md)."
        case "too_short":
            return f"{where} is empty: give it a value, or leave it out."
        case "list_type" if where.startswith("grid."):
            return f"{where} = {value!r} should be a list of values; one value for all cells stands in [set]."
        case "string_pattern_mismatch":
            return f"{where} = {value!r} should be letters, digits, `_`, `-` and `.` alone."
        case "value_error":
            return f"{where}: {detail['msg'].removeprefix('Value error, ')}."
        case _:
            return f"{where} = {value!r} is not possible: {detail['msg'][:1].lower()}{detail['msg'][1:]}."
