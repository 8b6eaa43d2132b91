"""The list of runs: what it says of each, and that it says only what is new."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from testbed.view import catalogue as module
from testbed.view.catalogue import Catalogue
from tests.page import made
from tests.view.conftest import Begin
from tests.view.folders import planned


@pytest.fixture(autouse=True)
def _always_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH_S", -1.0)


def rows(root: Path) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in Catalogue(root).news()["rows"]}


def aged(folder: Path, seconds: float) -> None:
    """Have its files be that old."""
    for file in folder.iterdir():
        then = file.stat().st_mtime - seconds
        os.utime(file, (then, then))


def test_a_run_is_a_row_of_numbers(tmp_path: Path) -> None:
    made.run(tmp_path / "more" / "a")
    row = rows(tmp_path)["more/a"]
    assert row["last"] == row["best"] == pytest.approx(0.8)
    assert row | {"last": 0, "best": 0, "written": 0} == {
        **{"path": "more/a", "kind": "run", "group": "more", "name": "a", "algorithm": "HyperPrism", "seed": "7"},
        **{"state": "finished", "rounds": 3, "wanted": 3, "last": 0, "best": 0, "density": pytest.approx(1 / 3)},
        **{"seconds": pytest.approx(0.3), "megabytes": pytest.approx(0.0009), "written": 0},
    }


def test_only_what_is_new_is_told(tmp_path: Path, begun: Begin) -> None:
    made.run(tmp_path / "a")
    writer = begun(tmp_path / "b", [[0.1, 0.2, 0.3]])
    known = Catalogue(tmp_path)
    first = known.news()
    assert first["whole"]
    assert [(row["path"], row["rounds"]) for row in first["rows"]] == [("a", 3), ("b", 1)]
    second = known.news(first["revision"])
    assert (second["whole"], second["rows"], second["gone"]) == (False, [], [])
    made.append(writer, 1, [0.5, 0.5, 0.5])
    third = known.news(second["revision"])
    assert [(row["path"], row["rounds"], row["last"]) for row in third["rows"]] == [("b", 2, 0.5)]
    writer.finish()
    (tmp_path / "a" / "manifest.json").unlink()
    last = known.news(third["revision"])
    assert [(row["path"], row["state"]) for row in last["rows"]] == [("b", "finished")]
    assert last["gone"] == ["a"]


def test_a_page_of_an_earlier_server_gets_everything(tmp_path: Path) -> None:
    made.run(tmp_path / "a")
    earlier = Catalogue(tmp_path).news()["revision"]
    for strange in (earlier - 10**6, 10**15, -1):
        news = Catalogue(tmp_path).news(strange)
        assert news["whole"]
        assert len(news["rows"]) == 1


def test_what_takes_too_long_comes_with_the_next_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.run(tmp_path / "a")
    known = Catalogue(tmp_path)
    monkeypatch.setattr(module, "BUDGET_S", -1.0)
    news = known.news()
    assert (news["rows"], news["unread"]) == ([], 1)
    monkeypatch.setattr(module, "BUDGET_S", 60.0)
    news = known.news(news["revision"])
    assert ([row["path"] for row in news["rows"]], news["unread"]) == (["a"], 0)


def test_states(tmp_path: Path, begun: Begin) -> None:
    made.run(tmp_path / "finished")
    made.run(tmp_path / "diverged", done=False)
    made.spoil(made.run(tmp_path / "unknown"), status=["?"])
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text("{")
    begun(tmp_path / "running")
    begun(tmp_path / "first", [])
    begun(tmp_path / "stopped").stop("Interrupted.")
    begun(tmp_path / "silent")
    aged(tmp_path / "silent", 3600)
    aged(tmp_path / "finished", 3600)
    found = rows(tmp_path)
    assert {path: row["state"] for path, row in found.items()} == {path: path for path in found} | {"first": "running"}
    assert "manifest.json is damaged" in found["damaged"]["said"]


def test_a_run_of_long_rounds_is_waited_for(tmp_path: Path, begun: Begin) -> None:
    """A round took 1000 s: nothing for 1000 s is nothing to worry about, for two hours it is."""
    writer = begun(tmp_path / "a")
    parts = ("network_s", "training_s", "mixing_s", "evaluation_s", "writing_s", "simulation_s")
    writer.append("wall", {"round": [0], "events": [0], **{part: [0.0] for part in parts}, "training_s": [1000.0]})
    aged(tmp_path / "a", 1000)
    assert rows(tmp_path)["a"]["state"] == "running"
    aged(tmp_path / "a", 7200)
    assert rows(tmp_path)["a"]["state"] == "silent"


@pytest.mark.parametrize("manifest", ["[1]", '"x"', "[" * 10**5, "\ufeff{}"])
def test_a_strange_manifest_hides_no_other_run(tmp_path: Path, manifest: str) -> None:
    made.run(tmp_path / "a")
    made.run(tmp_path / "b")
    (tmp_path / "b" / "manifest.json").write_text(manifest, "utf-8")
    assert {path: row["state"] for path, row in rows(tmp_path).items()} == {"a": "finished", "b": "damaged"}


def test_numbers_that_json_has_not_are_none(tmp_path: Path) -> None:
    made.run(tmp_path / "a", [[float("nan")] * 3])
    row = rows(tmp_path)["a"]
    assert row["last"] is None
    json.dumps(row, allow_nan=False)


def test_a_sweep_has_its_planned_cells_and_what_failed(tmp_path: Path) -> None:
    sweep = planned(tmp_path / "density", ["x", "y", "z"])
    made.run(sweep / "cells" / "x", traced=False)
    made.run(sweep / "cells" / "of-an-earlier-plan", traced=False)
    (sweep / "failed").mkdir()
    (sweep / "failed" / "y.txt").write_text("Its air is not there.")
    (sweep / "failed" / "of-an-earlier-plan.txt").write_text("?")
    found = rows(tmp_path)
    assert list(found) == ["density", "density/cells/x"]
    assert found["density/cells/x"]["group"] == "density"
    assert found["density"] == {
        **{"path": "density", "kind": "sweep", "name": "density", "planned": 3, "axes": {"run.seed": ["1", "2"]}},
        **{"failed": 1, "failures": [("y", "Its air is not there.")]},
    }


def test_a_damaged_plan_is_a_sentence_and_its_runs_are_shown(tmp_path: Path) -> None:
    sweep = planned(tmp_path / "density", [])
    made.run(sweep / "cells" / "x", traced=False)
    (sweep / "plan.json").write_text('{"format": 0}')
    found = rows(tmp_path)
    assert "another version" in found["density"]["said"]
    assert found["density/cells/x"]["state"] == "finished"


def test_a_folder_without_runs_is_an_empty_list(tmp_path: Path) -> None:
    assert rows(tmp_path) == {}
