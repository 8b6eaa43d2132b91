"""The cache of airs on disk: found whole or not at all, bounded, and never believed when damaged."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import testbed
from testbed.errors import UserError
from testbed.trace.store import Store, limit
from tests.session.scenarios import small

KEY = "a" * 64
OTHER = "b" * 64


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[int], Path]:
    def made(rounds: int) -> Path:
        folder = tmp_path / f"trace-{rounds}"
        if not folder.exists():
            testbed.record(small(run={"rounds": rounds}), folder)
        return folder

    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "airs", 1.0)


def never(line: str) -> None:
    raise AssertionError(line)


def test_what_was_kept_is_found_and_what_was_not_is_not(store: Store, recorded: Callable[[int], Path]) -> None:
    store.keep(KEY, recorded(3), 3, never)
    found = store.find(KEY, never)
    assert found is not None
    assert found.exchanges == testbed.trace.read(recorded(3)).exchanges
    assert store.find(OTHER, never) is None


def test_a_longer_air_takes_the_place_of_a_shorter_one_and_not_the_other_way(
    store: Store, recorded: Callable[[int], Path]
) -> None:
    for rounds in (3, 5, 4):
        store.keep(KEY, recorded(rounds), rounds, never)
        store.keep(OTHER, recorded(3), 3, never)
    found = store.find(KEY, never)
    assert found is not None
    assert len(found) == 5
    assert sorted(entry.rounds for entry in store.entries()) == [3, 5]


DAMAGES = {
    "a flipped byte": lambda folder: _flip(folder / "links.parquet"),
    "a cut file": lambda folder: os.truncate(folder / "messages.parquet", 100),
    "an empty file": lambda folder: os.truncate(folder / "rounds.parquet", 0),
    "a missing file": lambda folder: (folder / "nodes.parquet").unlink(),
    "another header": lambda folder: _flip(folder / "header.json"),
    "no entry": lambda folder: (folder / "entry.json").unlink(),
    "an entry that is no JSON": lambda folder: (folder / "entry.json").write_bytes(b"\xff{"),
    "an entry of another shape": lambda folder: (folder / "entry.json").write_text("[1]"),
    "an entry of another air": lambda folder: _replace(folder / "entry.json", KEY, OTHER),
    "other rounds": lambda folder: folder.rename(folder.with_name(f"{KEY}-9")),
}


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_air_is_told_thrown_away_and_made_anew(
    store: Store, recorded: Callable[[int], Path], damage: str
) -> None:
    store.keep(KEY, recorded(3), 3, never)
    DAMAGES[damage](store.folder / f"{KEY}-3")
    said: list[str] = []
    assert store.find(KEY, said.append) is None
    assert len(said) == 1
    assert "is damaged and is simulated anew" in said[0]
    assert store.entries() == []
    store.keep(KEY, recorded(3), 3, never)
    assert store.find(KEY, never) is not None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, recorded: Callable[[int], Path]) -> None:
    plenty = Store(tmp_path / "airs", 1.0)
    for age, key in enumerate(("c", "d", "e")):
        plenty.keep(key, recorded(3), 3, never)
        os.utime(plenty.folder / f"{key}-3" / "entry.json", (1000 - age, 1000 - age))
    assert plenty.find("e", never) is not None  # the oldest, used again just now
    size = max(entry.size_bytes for entry in plenty.entries())
    Store(tmp_path / "airs", 3.2 * size / 1e9).keep("f", recorded(3), 3, never)
    assert {entry.key for entry in plenty.entries()} == {"c", "e", "f"}


def test_an_air_larger_than_the_cache_is_not_kept(tmp_path: Path, recorded: Callable[[int], Path]) -> None:
    none = Store(tmp_path / "airs", 0.0)
    none.keep(KEY, recorded(3), 3, never)
    assert none.entries() == []


def test_many_at_once_keep_one_whole_air(store: Store, recorded: Callable[[int], Path]) -> None:
    lengths = [3, 5, 4, 3, 5, 4, 3, 5]
    folders = {rounds: recorded(rounds) for rounds in lengths}

    def keep_and_find(rounds: int) -> int:
        store.keep(KEY, folders[rounds], rounds, never)
        found = store.find(KEY, never)
        return len(found) if found else 0

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(keep_and_find, lengths))
    assert all(length in (0, 3, 4, 5) for length in seen)
    found = store.find(KEY, never)
    assert found is not None
    assert len(found) == 5
    assert not list(store.folder.glob(".scratch-*/*/*"))


def test_clearing_takes_all_and_what_a_kill_left(store: Store, recorded: Callable[[int], Path]) -> None:
    store.keep(KEY, recorded(3), 3, never)
    (store.folder / ".scratch-left").mkdir()
    (store.folder / ".scratch-left/links.parquet").write_bytes(b"12345")
    assert [entry.key for entry in store.entries()] == [KEY]
    assert store.clear() > 5
    assert list(store.folder.glob("*")) == list(store.folder.glob(".scratch-*")) == []


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path: Path, recorded: Callable[[int], Path]) -> None:
    (tmp_path / "file").write_text("in the way")
    said: list[str] = []
    Store(tmp_path / "file" / "airs", 1.0).keep(KEY, recorded(3), 3, said.append)
    assert "the air cannot be kept" in said[0]


@pytest.mark.parametrize("text", ["much", "-1", "nan", "inf"])
def test_the_limit_is_a_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TESTBED_CACHE_GB", text)
    with pytest.raises(UserError, match="TESTBED_CACHE_GB"):
        limit()
    monkeypatch.setenv("TESTBED_CACHE_GB", "0.5")
    assert limit() == 0.5
