"""The files of a figure, and the numbers in its tables."""

import csv
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.report import plot
from testbed.report.outputs import files_of
from testbed.report.text import latex, markdown
from tests.report.runs import run, seeds


def test_an_ending_is_one_file_and_none_is_all_of_them() -> None:
    assert files_of(Path("a/f.pdf")) == [Path("a/f.pdf")]
    assert [file.name for file in files_of(Path("f"))] == ["f.png", "f.svg", "f.md", "f.csv", "f.tex"]
    assert files_of([Path("f.md"), Path("f.png"), Path("f.md")]) == [Path("f.md"), Path("f.png")]
    with pytest.raises(UserError, match=r"d0.5 should end in one of .png, .svg, .pdf, .md, .csv, .tex, or have no"):
        files_of(Path("d0.5"))


def test_tables_hold_means_intervals_and_how_many_reached_the_target(tmp_path: Path) -> None:
    folders = [*seeds(tmp_path, "dpsgd", [0.5, 0.7]), *seeds(tmp_path, "atc", [0.5, 0.3])]
    wild = run(tmp_path / "wild", [0.1], 3, name="atc", end="Diverged: in round 1")
    out = tmp_path / "out" / "density"
    plot("density", [*folders, wild], out, target=0.4, metrics=["accuracy", "seconds"])
    rows = list(csv.DictReader(out.with_suffix(".csv").read_text().splitlines()))
    assert [row["method"] for row in rows] == ["D-PSGD", "ATC"]
    first, second = rows
    assert [first[key] for key in ("seeds", "diverged", "accuracy_mean", "seconds_mean", "seconds_reached")] == [
        *("2", "0", "0.6", "3", "2")
    ]
    assert float(first["accuracy_high"]) - 0.6 == pytest.approx(12.706 * 0.1, abs=1e-3)
    assert [second[key] for key in ("seeds", "diverged", "seconds_reached", "seconds_at_least")] == ["3", "1", "1", ""]
    page = out.with_suffix(".md").read_text()
    assert "| D-PSGD | 0.500 | 2 | 0 | 0.600 ± 1.271 | 3.00 ± 0.00 |" in page
    assert "| ATC | 0.500 | 3 | 1 | 0.300 ± 0.497 | - (1 of 3) |" in page
    assert "1 run is taken as never reaching a target" in page
    assert "cannot be told" in page
    assert r"D-PSGD & 0.500 & 2 & 0 & 0.600 $\pm$ 1.271 & 3.00 $\pm$ 0.00 \\" in out.with_suffix(".tex").read_text()


def test_what_was_not_reached_by_all_is_a_bound(tmp_path: Path) -> None:
    plot("time", seeds(tmp_path, "dpsgd", [0.5, 0.3]), tmp_path / "t.md", target=0.4)
    assert "| > 3.00 (1 of 2) |" in (tmp_path / "t.md").read_text()


def test_names_of_others_break_no_table() -> None:
    assert markdown([["a|b"], ["c"]]).splitlines()[0] == r"| a\|b |"
    assert r"a\_b \& 5 \% $>$ \textbackslash{}" in latex([["h"], ["a_b & 5 % > \\"]])
