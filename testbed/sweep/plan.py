"""What a sweep has to do: its cells, each a scenario of its own."""

import copy
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.results.sweep import FORMAT
from testbed.scenario import fingerprint, parse
from testbed.scenario.files import override, rivals, tree_of
from testbed.sweep.cell import Air, Cell, with_airs
from testbed.sweep.file import SweepFile, read_sweep
from testbed.sweep.settings import Setting, settings_of

LONGEST = 60
"""Characters of a cell's name before its seed."""


@dataclass(frozen=True)
class Plan:
    """Cells seed by seed, so that a first picture is there early."""

    name: str
    axes: dict[str, list[Any]]
    cells: list[Cell]
    text: str
    """Of the file."""

    @cached_property
    def airs(self) -> list[Air]:
        """Those that cells share, in the order in which they are wanted."""
        return list({cell.air.name: cell.air for cell in self.cells if cell.air}.values())

    def dumps(self, command: str = "") -> str:
        """As JSON, for readers of the results, with the command that it is run by."""
        told = ("name", "label", "seed", "keys", "entry")
        cells = [{key: getattr(cell, key) for key in told} for cell in self.cells]
        tree = {"format": FORMAT, "name": self.name, "command": command, "axes": self.axes, "cells": cells}
        return json.dumps(tree, indent=1) + "\n"


def plan_of(path: Path, overrides: Iterable[str] = ()) -> Plan:
    """The sweep in the file `path`; `overrides` as section.key=value, for all cells, whatever base and [set] say.

    Raises UserError for what is no sweep or no scenario, for an override of what cells differ in, and for cells that
    are the same.
    """
    file, overrides = read_sweep(path), list(overrides)
    _require_common(file, overrides, path)
    base = tree_of(path.parent / file.sweep.base)
    override(base, file.common, path.parent)
    override(base, overrides)
    seeds = file.seeds or [parse(base, file.sweep.base).run.seed]
    settings = settings_of(file)
    cells = [_cell(setting, seed, base, path) for seed in seeds for setting in settings]
    _require_distinct(cells, path)
    return Plan(file.sweep.name, _axes(file, seeds), with_airs(cells), path.read_text("utf-8"))


def _require_common(file: SweepFile, overrides: list[str], path: Path) -> None:
    """Raises UserError for an override that a cell's own keys would undo."""
    axes = {key: table for key, table in file.keys().items() if table != "set"}
    axes |= {rival: table for key, table in axes.items() for rival in rivals(key)}
    axes |= {"run.seed": "sweep"} if file.seeds else {}
    for key in (each.partition("=")[0].strip() for each in overrides):
        if key in axes:
            raise UserError(
                f"--set {key}: cells of {path} differ in it, or in what takes its place: change [{axes[key]}] there."
            )
        if key == "run.name":
            raise UserError("--set run.name: a sweep names its cells itself, by what they differ in.")


def _cell(setting: Setting, seed: int, base: dict[str, Any], path: Path) -> Cell:
    tree = copy.deepcopy(base)
    override(tree, {**setting.keys, "run.seed": seed}, path.parent)
    label = setting.label or "base"
    scenario = parse(tree, f"{path}, {label}, seed {seed}")
    slug = re.sub(r"[^A-Za-z0-9.+]+", "-", label)[:LONGEST].strip("-.+") or "cell"
    hashed = fingerprint(scenario)
    name = f"{slug}-s{seed}-{hashed[:8]}"
    run = scenario.model_copy(update={"run": scenario.run.model_copy(update={"name": name})})
    return Cell(name, label, seed, setting.keys, run, hashed, setting.entry)


def _axes(file: SweepFile, seeds: list[int]) -> dict[str, list[Any]]:
    """What the cells differ in; keys that are drawn have no list of values."""
    listed = {"list": [entry.label or entry.keys for entry in file.listed]} if file.listed else {}
    drawn = {"random": list(file.random.keys)} if file.random else {}
    return {**listed, **file.grid, **drawn, "run.seed": seeds}


def _require_distinct(cells: list[Cell], path: Path) -> None:
    seen: dict[str, Cell] = {}
    named: dict[tuple[str, int], Cell] = {}
    for cell in cells:
        twin = seen.setdefault(cell.fingerprint, cell)
        if twin is not cell:
            raise UserError(
                f"{path}: {twin.label!r} and {cell.label!r}, seed {cell.seed}, are the same scenario: an axis names a "
                "value twice, or one that changes nothing there."
            )
        if named.setdefault((cell.label, cell.seed), cell) is not cell:
            raise UserError(
                f"{path}: two settings are called {cell.label!r}: give each a label of its own in [[list]]."
            )
