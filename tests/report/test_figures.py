"""Figures of runs: what is gathered, what is drawn, and what is said where there is nothing to draw."""

from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.report import plot
from testbed.report.series import gather
from testbed.results import RunWriter
from testbed.results.directory import ROUNDS
from testbed.scenario import dumps, parse
from testbed.trace import Header, TraceWriter

MANIFEST = {"wall_s": 0.0}


def run(folder: Path, accuracy: list[float], seed: int = 1, density: float = 0.5, **algorithm: object) -> Path:
    """A run directory with these mean accuracies; a round takes a simulated second."""
    folder.mkdir(parents=True)
    scenario = parse({"run": {"seed": seed}, "network": {"density": density}, "algorithm": algorithm})
    (folder / "scenario.toml").write_text(dumps(scenario))
    network = {"kind": "ns3", "side_m": 100.0 + seed}
    TraceWriter(folder / "trace", Header(nodes=20, seed=seed, network=network, scenario="0")).close()
    writer = RunWriter(folder, MANIFEST, [])
    for round_, value in enumerate(accuracy):
        row: dict[str, float] = dict.fromkeys(ROUNDS.names, 0)
        row |= {"round": round_, "closed_ns": (round_ + 1) * 10**9, "density": density, "accuracy_mean": value}
        writer.append("rounds", {name: [each] for name, each in row.items()})
    writer.stop("test")
    return folder


def test_runs_that_differ_in_their_seed_are_one_series(tmp_path: Path) -> None:
    folders = [run(tmp_path / f"s{seed}", [0.1, 0.2 * seed], seed) for seed in (1, 2)]
    folders.append(run(tmp_path / "other", [0.1], name="dpsgd"))
    series = gather(folders)
    assert [len(each.runs) for each in series] == [2, 1]
    assert [each.label for each in series] == ["HyperPrism expected, mirror", "D-PSGD"]
    assert series[0].best() == pytest.approx([0.2, 0.4])


def test_a_folder_named_twice_is_one_run(tmp_path: Path) -> None:
    folder = run(tmp_path / "a", [0.1])
    (series,) = gather([folder, tmp_path / "." / "a"])
    assert len(series.runs) == 1


def test_a_replay_is_a_seed_among_live_runs(tmp_path: Path) -> None:
    folders = [run(tmp_path / f"s{seed}", [0.1], seed) for seed in (1, 2)]
    text = (folders[1] / "scenario.toml").read_text().replace('kind = "ns3"', 'kind = "replay"\ntrace = "/air"')
    (folders[1] / "scenario.toml").write_text(text)
    assert len(gather(folders)) == 1


def test_runs_of_one_name_in_two_places_are_told_apart(tmp_path: Path) -> None:
    folders = [run(tmp_path / place / "run", [0.1], density=density) for place, density in (("a", 0.2), ("b", 0.8))]
    assert len({each.label for each in gather(folders)}) == 2


def test_series_of_one_algorithm_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    series = gather([run(tmp_path / "a", [0.1], density=0.2), run(tmp_path / "b", [0.1], density=0.8)])
    assert [each.label for each in series] == ["a", "b"]
    assert [each.density for each in series] == pytest.approx([0.2, 0.8])


def test_time_to_a_target_is_the_close_of_the_first_round_that_reaches_it(tmp_path: Path) -> None:
    (series,) = gather([run(tmp_path / f"s{seed}", [0.1, 0.3 * seed, 0.5], seed) for seed in (1, 2)])
    assert series.seconds_to(0.5).tolist() == [3.0, 2.0]
    assert np.isnan(series.seconds_to(0.9)).all()


@pytest.mark.parametrize("kind", ["rounds", "time", "density"])
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_every_figure_is_drawn_the_same_every_time(tmp_path: Path, kind: str, ending: str) -> None:
    folders = [
        run(tmp_path / f"{name}{density}{seed}", [0.1, np.nan, density], seed, density, name=name)
        for name in ("hyperprism", "dpsgd")
        for density in (0.2, 0.8)
        for seed in (1, 2)
    ]
    said = plot(kind, folders, tmp_path / f"a.{ending}")
    plot(kind, folders, tmp_path / f"b.{ending}")
    assert "8 runs in 4 series" in said
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_a_target_that_nobody_reached_is_said(tmp_path: Path) -> None:
    said = plot("density", [run(tmp_path / "a", [0.1])], tmp_path / "f.svg", target=0.9)
    assert "target accuracy 0.900, which 1 of the runs never reached" in said


def test_what_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    folder = run(tmp_path / "a", [0.1])
    with pytest.raises(UserError, match="should end in one of"):
        plot("rounds", [folder], tmp_path / "f.xyz")
    with pytest.raises(UserError, match="Name at least one run"):
        plot("rounds", [], tmp_path / "f.svg")
    with pytest.raises(UserError, match="is not a run directory"):
        plot("rounds", [tmp_path], tmp_path / "f.svg")
    with pytest.raises(UserError, match="has no evaluated round"):
        plot("rounds", [run(tmp_path / "b", [np.nan])], tmp_path / "f.svg")
