import json
from pathlib import Path

import pytest

from testbed.sweep import estimate, plan_of, sweep
from tests.campaign.made import Heard, Inline
from tests.sweep.made import HEAD, written

TWO = 'seeds = 2\n[grid]\nalgorithm.name = ["dpsgd", "wpm"]\n'


def logged(out: Path, seconds: dict[str, float]) -> None:
    lines = [json.dumps({"name": name, "seconds": value, "failed": False}) for name, value in seconds.items()]
    out.mkdir()
    (out / "log.jsonl").write_text("\n".join(lines))


def test_what_ended_tells_how_long_the_rest_lasts(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path / "file", HEAD + TWO))
    logged(tmp_path / "out", {plan.cells[0].name: 10.0, plan.cells[1].name: 30.0})
    found = estimate(plan, tmp_path / "out", 0.0)
    assert found.seconds == pytest.approx(2 * 10 + 2 * 30)
    assert found.lasts(2) == pytest.approx(40)
    assert found.lasts(16) == pytest.approx(30), "no sooner than its longest cell"
    assert (found.known, found.tried, found.guessed) == (2, 0, 0)


def test_settings_without_any_are_taken_to_be_like_the_others(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path / "file", HEAD + TWO))
    logged(tmp_path / "out", {plan.cells[0].name: 10.0})
    found = estimate(plan, tmp_path / "out", 0.0)
    assert found.seconds == pytest.approx(40)
    assert (found.known, found.guessed) == (1, 1)


def test_settings_are_tried_and_leave_nothing(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path / "file", HEAD + TWO))
    found = estimate(plan, tmp_path / "out", 60.0)
    assert 0 < found.seconds < 60
    assert (found.known, found.tried, found.guessed) == (0, 2, 0)
    assert not (tmp_path / "out").exists()


def test_nothing_is_left_of_a_finished_sweep(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path / "file", HEAD + TWO))
    sweep(plan, tmp_path / "out", Inline(), Heard())
    assert estimate(plan, tmp_path / "out", 60.0).seconds == 0


def test_a_setting_that_diverges_is_estimated_all_the_same(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path / "file", HEAD + "[grid]\nalgorithm.lr = [1e6, 0.01]\n"))
    found = estimate(plan, tmp_path / "out", 60.0)
    assert found.tried == 2
    assert 0 < found.seconds < 60
