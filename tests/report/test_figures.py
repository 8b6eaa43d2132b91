"""Figures of runs: what is drawn, and what is said where there is nothing to draw."""

from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.report import plot
from testbed.report.density import draw
from testbed.report.metrics import ACCURACY, SECONDS
from testbed.report.series import DENSITY, gather
from tests.report.runs import run, seeds

LORA = {"lora": {"rank": 4}, "model": {"name": "mlp"}}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """An algorithm at two densities under two seeds, and adapters of another one."""
    home = tmp_path_factory.mktemp("runs")
    whole = [
        run(home / f"{density}{seed}", [0.1, np.nan, density], seed, density, name="dpsgd")
        for density in (0.2, 0.8)
        for seed in (1, 2)
    ]
    return [*whole, run(home / "adapters", [0.1, 0.3], rank=4.0, sections=LORA, name="atc")]


@pytest.mark.parametrize("kind", ["rounds", "time", "density", "devices", "lora"])
def test_every_figure_is_drawn_the_same_every_time(tmp_path: Path, several: list[Path], kind: str) -> None:
    said = plot(kind, several, tmp_path / "a.svg")
    plot(kind, several, tmp_path / "b.svg")
    assert "5 runs in " in said
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_every_file_is_written_the_same_every_time(tmp_path: Path, several: list[Path]) -> None:
    for name in ("a", "b"):
        plot("rounds", several, [tmp_path / name, tmp_path / f"{name}.pdf"])
    for ending in ("png", "svg", "pdf", "md", "csv", "tex"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_what_never_reached_the_target_is_drawn_hollow_with_an_arrow(tmp_path: Path) -> None:
    folders = [*seeds(tmp_path, "dpsgd", [0.5, 0.6]), *seeds(tmp_path, "atc", [0.5, 0.3])]
    figure = draw(gather(folders, joined=DENSITY)[0], [SECONDS], 0.4)
    hollow = [line for line in figure.axes[0].get_lines() if line.get_markerfacecolor() == "white"]
    assert [list(line.get_ydata()) for line in hollow if len(line.get_ydata())] == [[3.0]]
    assert len(figure.axes[0].texts) == 1


def test_intervals_at_one_density_stand_beside_each_other(tmp_path: Path) -> None:
    folders = [*seeds(tmp_path, "dpsgd", [0.5, 0.6]), *seeds(tmp_path, "atc", [0.5, 0.6])]
    figure = draw(gather(folders, joined=DENSITY)[0], [ACCURACY], 0.4)
    at = [each.lines[0].get_xdata()[0] for each in figure.axes[0].containers]
    assert at[0] < 0.5 < at[1]
    assert at[1] - at[0] < 0.06


def test_the_target_and_who_never_reached_it_are_said(tmp_path: Path) -> None:
    said = plot("density", [run(tmp_path / "a", [0.1])], tmp_path / "f.svg", target=0.9)
    assert "1 run in 1 series, target accuracy 0.900, which 1 of the runs never reached" in said


def test_the_terminal_says_how_methods_compare_with_dpsgd(tmp_path: Path) -> None:
    ours, theirs = (seeds(tmp_path, name, [0.5 + gain, 0.6 + gain, 0.4 + gain, 0.5, 0.45 + gain]) for name, gain in
                    (("atc", 0.1), ("dpsgd", 0.0)))  # fmt: skip
    few = seeds(tmp_path, "choco", [0.5])
    said = plot("rounds", [*theirs, *ours, *few], tmp_path / "f.csv")
    assert "ATC - D-PSGD: +0.080 accuracy [" in said
    assert "1 of 2 comparisons have fewer than 5 seeds in common: no verdict." in said


def test_what_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    folder = run(tmp_path / "a", [0.1])
    with pytest.raises(UserError, match="should end in one of"):
        plot("rounds", [folder], tmp_path / "f.xyz")
    with pytest.raises(UserError, match="--target 95 should be an accuracy"):
        plot("rounds", [folder], tmp_path / "f.svg", target=95)
    with pytest.raises(UserError, match="None of these runs has adapters"):
        plot("lora", [folder], tmp_path / "f.svg")
    local = run(tmp_path / "b", [0.5], sections={"run": {"mode": "local", "period_s": 2.0}})
    with pytest.raises(UserError, match="A round is not one thing in these runs"):
        plot("rounds", [folder, local], tmp_path / "f.svg")
    with pytest.raises(UserError, match="state a target with --target"):
        plot("rounds", [run(tmp_path / "c", [0.1], end="Diverged: ")], tmp_path / "f.svg")
