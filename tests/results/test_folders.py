from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.results import runs_in


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def test_a_run_is_itself(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    made(run / "cells" / "no-cell-of-it")
    assert runs_in(run) == [run]


def test_a_sweep_has_its_cells_by_name(tmp_path: Path) -> None:
    second, first = made(tmp_path / "cells" / "b"), made(tmp_path / "cells" / "a")
    (tmp_path / "cells" / "begun").mkdir()
    made(tmp_path / "beside")
    assert runs_in(tmp_path) == [first, second]


def test_a_folder_of_runs_likewise(tmp_path: Path) -> None:
    second, first = made(tmp_path / "b"), made(tmp_path / "a")
    assert runs_in(tmp_path) == [first, second]


def test_a_folder_without_runs_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run: name a run directory, a sweep"):
        runs_in(tmp_path)


def test_a_file_and_nothing_are_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for each in (file, tmp_path / "missing"):
        with pytest.raises(UserError, match="There is no run or sweep"):
            runs_in(each)
