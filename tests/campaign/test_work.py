from pathlib import Path

from testbed.campaign import work
from tests.campaign.made import Air, Cell, Heard, Jobs, Scripted, Store


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


def test_what_another_campaign_is_at_is_left_to_it(tmp_path: Path) -> None:
    jobs, engine = made(tmp_path, [Cell("a"), Cell("b")], 1, {"a": ["elsewhere"]})
    heard = Heard()
    assert worked(jobs, engine, heard) == {}
    assert engine.begun == ["a", "b"]
    assert [done.job.name for done in heard.done] == ["b"]
