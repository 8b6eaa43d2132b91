from pathlib import Path

import pytest

from testbed.campaign import work
from tests.campaign.made import Air, Cell, Heard, Jobs, Scripted, Store, hurry


def worked(jobs: Jobs, engine: Scripted, heard: Heard | None = None) -> dict[str, str]:
    """Names of jobs that failed, and what they said."""
    return {done.job.name: done.told for done in work(jobs, engine, None, heard or Heard())}


def made(
    tmp_path: Path, cells: list[Cell], workers: int, script: dict[str, list[str]] | None = None
) -> tuple[Jobs, Scripted]:
    store = Store(tmp_path)
    return Jobs(tmp_path, cells, store), Scripted(store, workers, script)


def test_a_cell_waits_for_its_air_and_others_do_not(tmp_path: Path) -> None:
    air = Air("air")
    jobs, engine = made(tmp_path, [Cell("a", air), Cell("b", air), Cell("c")], 2)
    assert worked(jobs, engine) == {}
    assert engine.begun.index("air") < min(engine.begun.index("a"), engine.begun.index("b"))
    assert sorted(engine.begun) == ["a", "air", "b", "c"]
    assert engine.begun[:2] == ["air", "c"]


def test_never_more_at_a_time_than_there_are_workers(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell(str(number)) for number in range(9)], 3)
    heard = Heard()
    worked(jobs, engine, heard)
    assert engine.most == 3
    assert heard.count == (9, 9)


def test_what_is_done_is_not_begun(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a"), Cell("b")], 1)
    engine.store.done.add("a")
    worked(jobs, engine)
    assert engine.begun == ["b"]


def test_what_dies_is_begun_again(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a"), Cell("b")], 1, {"a": ["died"]})
    heard = Heard()
    assert worked(jobs, engine, heard) == {}
    assert engine.begun == ["a", "b", "a"]
    assert [(done.job.name, done.failed) for done in heard.done] == [("a", True), ("b", False), ("a", False)]
    assert "its process died" in heard.done[0].told


def test_what_fails_twice_is_told_and_left(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a"), Cell("b")], 1, {"a": ["failed", "failed", "failed"]})
    assert worked(jobs, engine) == {"a": "It cannot be."}
    assert engine.begun == ["a", "b", "a"]


def test_what_dies_every_time_is_told_and_left(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a")], 1, {"a": ["died"] * 5})
    assert "the same command goes on with it" in worked(jobs, engine)["a"]
    assert engine.begun == ["a", "a"]


def test_cells_whose_air_fails_are_not_begun(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a", Air("air"))], 1, {"air": ["failed", "failed"]})
    assert list(worked(jobs, engine)) == ["air"]
    assert engine.begun == ["air", "air"]


def test_what_dies_is_begun_alone_so_that_others_do_not_die_with_it(tmp_path: Path) -> None:
    """The pool ends all that is going when one process dies: they are not to blame."""
    cells = [Cell(name) for name in "abcd"]
    jobs, engine = made(tmp_path, cells, 3, {"a": ["died", "died"], "b": ["died"], "c": ["died"]})
    assert list(worked(jobs, engine)) == ["a"]
    assert engine.begun == ["a", "b", "c", "d", "a", "b", "c"]
    assert engine.together == [1, 2, 3, 3, 1, 1, 1]


def test_what_another_campaign_is_at_is_looked_at_once_more_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever held it may have been killed meanwhile."""
    hurry(monkeypatch)
    jobs, engine = made(tmp_path, [Cell("a"), Cell("b"), Cell("c")], 1, {"a": ["elsewhere"] * 9, "b": ["elsewhere"]})
    heard = Heard()
    assert worked(jobs, engine, heard) == {}
    assert engine.begun == ["a", "b", "c", "a", "b"]
    assert [done.job.name for done in heard.done] == ["c", "b"]


def test_a_call_soon_after_a_kill_waits_for_the_workers_that_it_left(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a", Air("air"))], 1, {"air": ["elsewhere"] * 2})
    assert worked(jobs, engine) == {}
    assert engine.begun == ["air"] * 3 + ["a"]
