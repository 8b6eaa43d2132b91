import json
import shutil
from pathlib import Path

import pytest

import testbed
from testbed.campaign import doing
from testbed.errors import UserError
from testbed.results import Run, Sweep, runs_in
from testbed.sweep import Plan, plan_of, sweep
from testbed.sweep.log import seconds
from tests.campaign.made import Heard, Inline
from tests.needs import ENGINE
from tests.sweep.made import BASE, HEAD, written

TWO = '[grid]\nalgorithm.name = ["dpsgd", "wpm"]\n'
LIVE = BASE.replace('kind = "graph"', 'kind = "ns3"\nside_m = 50.0')
TABLES = ("rounds.parquet", "devices.parquet")


def planned(folder: Path, text: str = TWO, base: str = BASE) -> Plan:
    return plan_of(written(folder / "file", HEAD + text, base))


def swept(plan: Plan, out: Path) -> list[str]:
    """Names of the jobs that were done."""
    heard = Heard()
    assert sweep(plan, out, Inline(), heard) == []
    return [done.job.name for done in heard.done]


def test_every_cell_is_the_run_of_its_scenario(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    assert swept(plan, out) == [cell.name for cell in plan.cells]
    for cell in plan.cells:
        alone = testbed.run(cell.run, tmp_path / cell.name)
        for table in TABLES:
            assert (out / "cells" / cell.name / table).read_bytes() == (alone.folder / table).read_bytes()


def test_what_is_finished_is_never_run_again(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    swept(plan, out)
    before = {file: file.stat().st_mtime_ns for file in out.glob("cells/*/*")}
    assert swept(plan, out) == []
    assert {file: file.stat().st_mtime_ns for file in out.glob("cells/*/*")} == before


def test_a_longer_axis_runs_what_is_new_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    swept(planned(tmp_path), out)
    longer = planned(tmp_path, '[grid]\nalgorithm.name = ["local", "wpm"]\n')
    assert swept(longer, out) == [longer.cells[0].name]
    assert [run.name for run in runs_in(out)] == [cell.name for cell in longer.cells]


def test_readers_find_the_cells_and_what_they_differ_in(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    swept(plan, out)
    read = Sweep(out)
    assert (read.name, read.axes) == ("tiny", {"algorithm.name": ["dpsgd", "wpm"], "run.seed": [7]})
    assert [(cell.label, cell.seed) for cell in read.cells] == [("dpsgd", 7), ("wpm", 7)]
    assert all(Run(read.place(cell)).finished for cell in read.cells)


@ENGINE
def test_a_shared_air_is_simulated_once_and_is_that_of_each_cell(tmp_path: Path) -> None:
    plan, out = planned(tmp_path, base=LIVE), tmp_path / "out"
    (air,) = plan.airs
    assert swept(plan, out) == [air.name, *(cell.name for cell in plan.cells)]
    for cell in plan.cells:
        assert Run(out / "cells" / cell.name).manifest["rounds_from_cache"] == 2
        alone = cell.run.model_copy(update={"network": cell.run.network.model_copy(update={"cache": "off"})})
        testbed.run(alone, tmp_path / cell.name)
        for table in TABLES:
            assert (out / "cells" / cell.name / table).read_bytes() == (tmp_path / cell.name / table).read_bytes()


def test_what_failed_is_told_kept_and_tried_by_the_next_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, out, heard = planned(tmp_path), tmp_path / "out", Heard()
    real = doing.run

    def failing(*args: object, **options: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(doing, "run", failing)
    failed = sweep(plan, out, Inline(), heard)
    assert [done.job.name for done in failed] == [cell.name for cell in plan.cells]
    assert "MemoryError: no room" in failed[0].told
    assert "MemoryError" in (out / "failed" / f"{plan.cells[0].name}.txt").read_text()
    monkeypatch.setattr(doing, "run", real)
    assert swept(plan, out) == [cell.name for cell in plan.cells]
    assert not list((out / "failed").iterdir())


def test_a_cell_that_diverges_is_finished_and_the_others_go_on(tmp_path: Path) -> None:
    plan, out = planned(tmp_path, "[grid]\nalgorithm.lr = [1e6, 0.01]\n"), tmp_path / "out"
    assert len(swept(plan, out)) == 2
    assert (out / "cells" / plan.cells[0].name / "diverged.json").is_file()
    assert swept(plan, out) == []


def test_the_log_has_a_line_for_each_job(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    swept(plan, out)
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [(line["kind"], line["name"], line["failed"]) for line in lines] == [
        ("cell", cell.name, False) for cell in plan.cells
    ]
    assert seconds(out) == {line["name"]: line["seconds"] for line in lines}


def test_a_damaged_line_of_the_log_is_left_out(tmp_path: Path) -> None:
    whole = json.dumps({"name": "a", "seconds": 2.0, "failed": False})
    failed = json.dumps({"name": "b", "seconds": 2.0, "failed": True})
    (tmp_path / "log.jsonl").write_text(f"{whole}\n{failed}\n[1]\n{whole[:9]}")
    assert seconds(tmp_path) == {"a": 2.0}


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").touch()
    with pytest.raises(UserError, match="holds files that are not of a sweep: choose another folder"):
        sweep(plan, other, Inline(), Heard())
    with pytest.raises(UserError, match="is a file: name a folder"):
        sweep(plan, other / "thesis.tex", Inline(), Heard())
    swept(plan, tmp_path / "out")
    renamed = plan_of(written(tmp_path / "file", HEAD.replace("tiny", "huge") + TWO))
    with pytest.raises(UserError, match="holds the sweep 'tiny': choose another folder"):
        sweep(renamed, tmp_path / "out", Inline(), Heard())


def test_sweeps_of_another_version_are_told(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    swept(plan, out)
    tree = json.loads((out / "plan.json").read_text())
    (out / "plan.json").write_text(json.dumps({**tree, "format": 2}))
    with pytest.raises(UserError, match="sweep of another version of testbed"):
        runs_in(out)
    with pytest.raises(UserError, match="sweep of another version of testbed"):
        sweep(plan, out, Inline(), Heard())


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ("{", "is damaged"),
        ("[" * 100_000, "is damaged"),
        ("[]", "of another version"),
        ('{"format": 1}', "is damaged: call testbed sweep again"),
        ('{"format": 1, "name": "a", "axes": {}, "cells": [{"name": "a"}]}', "is damaged: call testbed sweep again"),
        (
            '{"format": 1, "name": "a", "axes": {}, '
            '"cells": [{"name": "../../etc", "label": "", "seed": 1, "keys": {}}]}',
            "names that no folder has",
        ),
    ],
)
def test_a_damaged_plan_is_told(tree: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(tree)
    with pytest.raises(UserError, match=sentence):
        Sweep(tmp_path)


def test_a_damaged_plan_is_written_anew(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    swept(plan, out)
    (out / "plan.json").write_text("{")
    assert swept(plan, out) == []
    assert Sweep(out).name == "tiny"


def test_a_run_of_another_scenario_under_a_cells_name_is_set_aside(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    swept(plan, out)
    first, second = (out / "cells" / cell.name for cell in plan.cells)
    wanted = (first / "rounds.parquet").read_bytes()
    shutil.rmtree(first)
    shutil.copytree(second, first)
    (second / "manifest.json").write_text("{")
    assert swept(plan, out) == [cell.name for cell in plan.cells]
    assert (first / "rounds.parquet").read_bytes() == wanted
    assert (second.with_name(f"{second.name}.other") / "manifest.json").read_text() == "{"


def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    graph = tmp_path / "file" / "a.edgelist"
    graph.parent.mkdir()
    graph.write_text("0 1\n")
    plan = planned(tmp_path, '[set]\nnetwork.graph = "a.edgelist"\n')
    graph.write_text("0 1\n1 2\n")
    (failed,) = sweep(plan, tmp_path / "out", Inline(), Heard())
    assert "has changed since this was begun: call the same command again" in failed.told
    assert len(swept(planned(tmp_path, '[set]\nnetwork.graph = "a.edgelist"\n'), tmp_path / "out")) == 1


@ENGINE
def test_a_damaged_air_is_simulated_anew(tmp_path: Path) -> None:
    plan, out = planned(tmp_path, base=LIVE), tmp_path / "out"
    swept(plan, out)
    wanted = (out / "cells" / plan.cells[0].name / "rounds.parquet").read_bytes()
    shutil.rmtree(out / "cells" / plan.cells[0].name)
    (out / "airs" / plan.airs[0].name / "messages.parquet").write_bytes(b"PAR1")
    assert swept(plan, out) == [plan.cells[0].name]
    assert (out / "cells" / plan.cells[0].name / "rounds.parquet").read_bytes() == wanted


def test_the_sweep_keeps_its_file_and_command(tmp_path: Path) -> None:
    plan, out = planned(tmp_path), tmp_path / "out"
    sweep(plan, out, Inline(), Heard(), command="testbed sweep mine.toml")
    assert (out / "sweep.toml").read_text() == HEAD + TWO
    assert Sweep(out).command == "testbed sweep mine.toml"


def test_progress_never_goes_back(tmp_path: Path) -> None:
    class Counting(Heard):
        def counted(self, done: int, known: int) -> None:
            counts.append((done, known))

    counts: list[tuple[int, int]] = []
    sweep(planned(tmp_path), tmp_path / "out", Inline(), Counting())
    assert counts == [(0, 2), (1, 2), (2, 2)]


def test_missing_data_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))
    plan = planned(tmp_path, '[set]\ndata.name = "mnist"\n')
    with pytest.raises(UserError, match="mnist is not on this machine: testbed data fetch mnist"):
        sweep(plan, tmp_path / "out", Inline(), Heard())
    assert not (tmp_path / "out").exists()
