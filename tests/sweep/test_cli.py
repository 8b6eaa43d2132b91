"""What a person types and sees."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from testbed.campaign.store import claimed
from testbed.cli import app
from testbed.console import sweep as console
from testbed.errors import UserError
from testbed.sweep import plan_of
from tests.campaign.made import hurry
from tests.sweep.made import HEAD, written

TWO = '[grid]\nalgorithm.name = ["dpsgd", "wpm"]\n'


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["sweep", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_dry_run_lists_and_runs_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = said(str(written(tmp_path, HEAD + TWO)), "--out", str(out), "--dry-run")
    assert "2 cells in 2 settings, 0 finished" in told
    assert "2 tried for two rounds" in told
    assert not out.exists()


def test_a_sweep_says_what_came_of_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = said(str(written(tmp_path, HEAD + TWO)), "--out", str(out), "--jobs", "1", "--set", "run.rounds=1")
    assert "[2/2" in told
    assert f"{out}; figures: testbed plot density {out}" in told
    assert "versions of testbed" not in told
    manifest = next(out.glob("cells/*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"git_commit"', '"git_commit": "0123456789abcdef", "commit"'))
    told = said(str(tmp_path / "sweep.toml"), "--out", str(out), "--jobs", "1", "--set", "run.rounds=1")
    assert "These runs are of 2 versions of testbed (0.1.0" in told
    assert "2 cells in 2 settings, 2 finished" in said(
        str(written(tmp_path, HEAD + TWO)), "--out", str(out), "--dry-run", "--set", "run.rounds=1"
    )


def test_cells_that_never_began_do_not_hide_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    plan, out = plan_of(written(tmp_path, HEAD + TWO)), tmp_path / "out"
    with claimed(out / "cells" / plan.cells[0].name):
        (out / "plan.json").write_text(plan.dumps())
        told = said(str(tmp_path / "sweep.toml"), "--out", str(out), "--jobs", "1")
    assert "1 of 2 cells are not finished" in told


def test_labels_are_shown_as_they_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_of(written(tmp_path, HEAD + '[[list]]\nlabel = "[ours] a [/] b"\nalgorithm.name = "wpm"\n'))
    (tmp_path / "plan.json").write_text(plan.dumps())
    console._plan(plan, tmp_path)
    assert "[ours] a [/] b" in capsys.readouterr().out
    console._summary(tmp_path)
    assert "[ours] a [/] b" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--engine", "spark"], "--engine spark: known are local and ray"),
        (["--address", "host:1"], "--address host:1 goes with --engine ray"),
    ],
)
def test_engines_that_are_none(options: list[str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        CliRunner().invoke(
            app,
            ["sweep", str(written(tmp_path, HEAD)), "--out", str(tmp_path / "out"), *options],
            catch_exceptions=False,
        )


def test_more_than_a_thousand_cells_are_asked_about(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD + "seeds = 1001\n")
    with pytest.raises(UserError, match="has 1,001 cells: look at them with --dry-run"):
        CliRunner().invoke(app, ["sweep", str(file), "--out", str(tmp_path / "out")], catch_exceptions=False)
