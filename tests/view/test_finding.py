"""What is found below a folder, and what is passed by."""

import os
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.view.finding import check_plain, find
from tests.page import made
from tests.view.folders import planned


def found(root: Path) -> list[tuple[str, bool]]:
    return [(each.path, each.is_sweep) for each in find(root)]


def run(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")


def test_runs_and_sweeps_are_found_by_their_paths(tmp_path: Path) -> None:
    planned(tmp_path / "sweep", ["x"])
    for name in ("b", "a", "more/c", "sweep/cells/x", "sweep/airs/y", ".hidden", "a/trace"):
        run(tmp_path / name)
    assert found(tmp_path) == [
        ("a", False),
        ("b", False),
        ("more/c", False),
        ("sweep", True),
        ("sweep/cells/x", False),
    ]


def test_the_folder_itself_may_be_a_run(tmp_path: Path) -> None:
    run(tmp_path / "a")
    assert found(tmp_path / "a") == [(".", False)]


def test_links_are_passed_by_and_circles_end(tmp_path: Path) -> None:
    run(tmp_path / "outside" / "a")
    root = tmp_path / "root"
    run(root / "b")
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "round").symlink_to(root)
    assert found(root) == [("b", False)]


@pytest.mark.parametrize("place", ["scenario.toml", "trace/links.parquet"])
def test_a_run_with_a_link_in_it_is_not_opened(tmp_path: Path, place: str) -> None:
    folder = made.run(tmp_path / "a")
    check_plain(folder)
    (folder / place).unlink()
    (folder / place).symlink_to("/etc/hostname")
    with pytest.raises(UserError, match="is a link or no plain file"):
        check_plain(folder)


def test_a_pipe_that_nobody_fills_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.jsonl")
    with pytest.raises(UserError, match=r"log\.jsonl"):
        check_plain(tmp_path)
