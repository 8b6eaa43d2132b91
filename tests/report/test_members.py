"""Which runs a figure takes, and what it says of the others."""

import json
from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.report.members import read
from tests.report.runs import run


def test_unfinished_runs_are_left_out_where_one_has_finished(tmp_path: Path) -> None:
    done, begun = run(tmp_path / "done", [0.1]), run(tmp_path / "begun", [0.1], 2, end="test")
    members, notes = read([done, begun], partial=True)
    assert [member.folder.name for member in members] == ["done"]
    assert notes == ["1 run is unfinished and left out."]


def test_where_none_has_finished_some_figures_show_how_far_they_are(tmp_path: Path) -> None:
    begun = run(tmp_path / "begun", [0.1], end="test")
    assert read([begun], partial=True)[1] == ["No run has finished: this is how far they are."]
    with pytest.raises(UserError, match="None of the 1 runs has finished: there is nothing to plot yet"):
        read([begun], partial=False)


def test_a_run_without_a_whole_round_has_not_begun(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to plot"):
        read([run(tmp_path / "a", [], end="test")], partial=True)


def test_cells_of_a_sweep_that_were_not_begun_are_counted(tmp_path: Path) -> None:
    run(tmp_path / "cells" / "a", [0.1, 0.2])
    cells = [{"name": name, "label": name, "seed": 1, "keys": {}} for name in "abc"]
    (tmp_path / "plan.json").write_text(json.dumps({"format": 1, "name": "density", "axes": {}, "cells": cells}))
    assert read([tmp_path], partial=True)[1] == ["2 of the 3 cells of density are not begun."]


def test_a_diverged_run_has_ended_and_is_named(tmp_path: Path) -> None:
    told = run(tmp_path / "told", [0.1], end="Diverged: in round 1")
    marked = run(tmp_path / "marked", [0.1], 2, end="test")
    (marked / "diverged.json").write_text("{}")
    members, notes = read([told, marked, run(tmp_path / "begun", [0.1], 3, end="Interrupted: ")], partial=False)
    assert [member.curve.diverged for member in members] == [True, True]
    assert any("2 runs are taken as never reaching a target" in note for note in notes)


def test_results_of_another_version_say_whose(tmp_path: Path) -> None:
    folder = run(tmp_path / "a", [0.1])
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"versions": {"testbed": "9.9"}}))
    assert len(read([folder], partial=False)[0]) == 1
    scenario = folder / "scenario.toml"
    scenario.write_text(scenario.read_text().replace("[run]", "[run]\nwarp = 9"))
    with pytest.raises(UserError, match=r"run.warp is not a key.*testbed 9.9 wrote .*; this is"):
        read([folder], partial=False)


def test_what_holds_no_run_or_no_evaluation_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Name at least one run"):
        read([], partial=True)
    with pytest.raises(UserError, match="holds no run"):
        read([tmp_path], partial=True)
    with pytest.raises(UserError, match="has no evaluated round"):
        read([run(tmp_path / "b", [np.nan])], partial=True)
