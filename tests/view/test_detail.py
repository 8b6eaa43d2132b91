"""What the page of a run gets: everything at first, then what is new."""

import json
from pathlib import Path

import pytest

from testbed.view.detail import detail
from testbed.view.digest import opened
from tests.page import made
from tests.view.conftest import Begin


def test_a_run_is_told_whole_and_then_from_where_the_page_is(tmp_path: Path, begun: Begin) -> None:
    writer = begun(tmp_path / "a", [[0.1, 0.2, 0.3]])
    first = detail(opened(tmp_path / "a"), 0, "")
    assert first["steady"]["keys"]["run.seed"] == "7"
    assert first["state"] == "running"
    made.append(writer, 1, [0.4, 0.5, 0.6])
    made.append(writer, 2, [float("nan")] * 3)
    second = detail(opened(tmp_path / "a"), 1, first["of"])
    assert "steady" not in second
    assert second["since"] == 1
    assert second["curve"] | {"spread": 0} == {
        **{"round": [2, 3], "seconds": [0.2, 0.3], "megabytes": [0.0006, 0.0009], "joules": [None, None]},
        **{"accuracy": [0.5, None], "spread": 0, "loss": [0, 0], "consensus": [0, 0]},
        "density": [pytest.approx(1 / 3)] * 2,
    }
    json.dumps(second, allow_nan=False)


def test_another_run_in_the_same_folder_is_told_whole(tmp_path: Path) -> None:
    folder = made.run(tmp_path / "a")
    known = detail(opened(folder), 0, "")["of"]
    assert detail(opened(folder), 3, known)["since"] == 3
    assert detail(opened(folder), 4, known)["since"] == 0  # it was begun anew, and has not come so far
    (folder / "scenario.toml").write_text("[run]\nseed = 8\n")
    found = detail(opened(folder), 3, known)
    assert found["since"] == 0
    assert len(found["curve"]["accuracy"]) == 3
    assert found["steady"]["keys"] == {"run.seed": "8"}


def test_a_run_without_a_whole_round_has_no_numbers(tmp_path: Path, begun: Begin) -> None:
    begun(tmp_path / "a", [])
    found = detail(opened(tmp_path / "a"), 0, "")
    assert found["numbers"] == []
    assert set(map(len, found["curve"].values())) == {0}
