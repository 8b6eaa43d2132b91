"""Which runs are one line of a figure, and what it is called."""

import json
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.report import plot
from testbed.report.series import DENSITY, gather
from tests.report.runs import run, seeds


def labels(folders: list[Path], *groups: str, joined: tuple[str, ...] = ()) -> list[str]:
    return [each.label for each in gather(folders, groups, joined)[0]]


def test_runs_that_differ_in_their_seed_are_one_series(tmp_path: Path) -> None:
    folders = [run(tmp_path / f"s{seed}", [0.1, 0.2 * seed], seed) for seed in (1, 2)]
    series, _ = gather([*folders, run(tmp_path / "other", [0.1], name="dpsgd")])
    assert [len(each.runs) for each in series] == [2, 1]
    assert [each.label for each in series] == ["HyperPrism", "D-PSGD"]
    assert series[0].column("accuracy_mean").tolist() == [[0.1, 0.2], [0.1, 0.4]]


def test_a_folder_of_runs_and_a_run_in_it_are_each_run_once(tmp_path: Path) -> None:
    folders = seeds(tmp_path, "dpsgd", [0.5, 0.6])
    (series,), _ = gather([tmp_path, folders[0], tmp_path / "." / folders[0].name])
    assert len(series.runs) == 2


def test_a_sweep_is_its_cells(tmp_path: Path) -> None:
    seeds(tmp_path / "cells", "dpsgd", [0.5, 0.6])
    assert len(gather([tmp_path])[0][0].runs) == 2


def test_a_sweep_names_its_series_where_its_file_does(tmp_path: Path) -> None:
    folders = [*seeds(tmp_path / "cells", "dpsgd", [0.5], lr=0.1), *seeds(tmp_path / "cells", "atc", [0.5])]
    entries = ["Cheap & $slow_{$", ""]
    cells = [
        {"name": folder.name, "label": "any", "seed": 1, "keys": {}, "entry": entry}
        for folder, entry in zip(folders, entries, strict=True)
    ]
    plan = {"format": 1, "name": "sweep", "axes": {}, "cells": cells}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    assert labels([tmp_path]) == ["Cheap & $slow_{$", "ATC"]
    assert labels([tmp_path], "algorithm.lr") == ["lr 0.1", "lr 0.01"]
    for kind in ("rounds", "devices"):
        plot(kind, [tmp_path], [tmp_path / f"{kind}.svg"])
        assert "Cheap &amp; $slow_{$" in (tmp_path / f"{kind}.svg").read_text()


def test_a_replay_is_a_seed_among_live_runs_and_no_second_one_of_its_own(tmp_path: Path) -> None:
    folders = [run(tmp_path / f"s{seed}", [0.1], seed) for seed in (1, 2)]
    text = (folders[1] / "scenario.toml").read_text().replace('kind = "ns3"', 'kind = "replay"\ntrace = "/air"')
    (folders[1] / "scenario.toml").write_text(text)
    (series,), _ = gather([*folders, run(tmp_path / "live", [0.1], 2)])
    assert [run.folder.name for run in series.runs] == ["s1", "s2"]
    assert gather([*folders, tmp_path / "live"])[1] == ["s2 and live are one run, seed 2: the first counts."]


def test_runs_over_imported_traces_are_told_apart(tmp_path: Path) -> None:
    folders = [run(tmp_path / name, [0.1], seed) for seed, name in ((1, "a"), (2, "b"))]
    for folder in folders:
        header = folder / "trace" / "header.json"
        header.write_text(header.read_text().replace('"ns3"', '"imported"'))
        scenario = folder / "scenario.toml"
        scenario.write_text(scenario.read_text().replace('kind = "ns3"', f'kind = "replay"\ntrace = "/{folder.name}"'))
    assert len(gather(folders)[0]) == 2


def test_settings_are_told_apart_by_the_keys_in_which_they_differ(tmp_path: Path) -> None:
    folders = seeds(tmp_path, "dpsgd", [0.5], 0.2) + seeds(tmp_path, "dpsgd", [0.5], 0.8)
    assert labels(folders) == ["D-PSGD, density 0.2", "D-PSGD, density 0.8"]
    assert labels(folders, joined=DENSITY) == ["D-PSGD"]


def test_sides_that_were_stated_are_settings_and_those_that_were_found_are_not(tmp_path: Path) -> None:
    stated = [
        run(tmp_path / f"{side}", [0.1], sections={"network": {"density": None, "side_m": side}}) for side in (9.0, 8.0)
    ]
    assert labels(stated) == ["HyperPrism, side_m 9", "HyperPrism, side_m 8"]


def test_methods_of_one_name_are_told_apart_where_they_meet(tmp_path: Path) -> None:
    tuned = [run(tmp_path / "a", [0.1], density=0.2, lr=0.1), run(tmp_path / "b", [0.1], density=0.8, lr=0.3)]
    assert labels(tuned, joined=DENSITY) == ["HyperPrism"]
    met = [*tuned, run(tmp_path / "c", [0.1], density=0.8, lr=0.1)]
    assert labels(met, joined=DENSITY) == ["HyperPrism, lr 0.1", "HyperPrism, lr 0.3"]
    assert labels(tuned, "algorithm.lr", joined=DENSITY) == ["lr 0.1", "lr 0.3"]


def test_a_group_is_what_is_compared_and_the_algorithm_where(tmp_path: Path) -> None:
    folders = [
        run(tmp_path / f"{name}{alpha}", [0.1], name=name, sections={"data": {"alpha": alpha}})
        for name in ("dpsgd", "atc")
        for alpha in (0.1, 1.0)
    ]
    series, _ = gather(folders, ["data.alpha"])
    assert [each.settings[0].method for each in series] == ["alpha 0.1", "alpha 1", "alpha 0.1", "alpha 1"]
    assert len({each.settings[0].place for each in series}) == 2


def test_wpm_has_its_power_in_its_name_and_adapters_their_policy_and_merge(tmp_path: Path) -> None:
    folders = [run(tmp_path / f"{p:g}", [0.1], name="wpm", p=p) for p in (1.0, 3.0)]
    lora = run(tmp_path / "lora", [0.1], rank=2.0, name="wpm", sections={"lora": {"rank": 2}, "model": {"name": "mlp"}})
    assert labels(folders) == ["WPM p=1", "WPM p=3"]
    assert labels([lora]) == ["WPM p=3, LoRA fixed fedit"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("algorithm.ps", r"--group algorithm.ps names no key of a scenario; did you mean algorithm.p\?"),
        ("zzz", "--group zzz names no key of a scenario; write section.key"),
        ("run.seed", "what a mean is taken over"),
    ],
)
def test_a_group_that_is_no_key(tmp_path: Path, key: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        gather([run(tmp_path / "a", [0.1])], [key])


def test_accuracies_of_different_things_are_refused_unless_told_apart(tmp_path: Path) -> None:
    folders = [run(tmp_path / name, [0.1], sections={"data": {"name": name}}) for name in ("mnist", "cifar10")]
    with pytest.raises(UserError, match=r"data.name is mnist \(as mnist\); cifar10 \(as cifar10\).*--group data.name"):
        gather(folders)
    assert labels(folders, "data.name") == ["name mnist", "name cifar10"]
