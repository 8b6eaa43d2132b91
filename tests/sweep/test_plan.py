import json
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.scenario import fingerprint
from testbed.sweep import plan_of
from tests.needs import ENGINE
from tests.sweep.made import BASE, HEAD, written

LIVE = BASE.replace('kind = "graph"', 'kind = "ns3"\nside_m = 50.0')
TWO = '[grid]\nalgorithm.name = ["dpsgd", "wpm"]\n'


def test_cells_come_seed_by_seed_each_with_its_scenario(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, HEAD + "seeds = [3, 1]\n" + TWO))
    assert [(cell.label, cell.seed) for cell in plan.cells] == [("dpsgd", 3), ("wpm", 3), ("dpsgd", 1), ("wpm", 1)]
    assert [(cell.run.algorithm.name, cell.run.run.seed) for cell in plan.cells][1] == ("wpm", 3)
    assert all(cell.run.run.rounds == 2 for cell in plan.cells)
    assert plan.axes == {"algorithm.name": ["dpsgd", "wpm"], "run.seed": [3, 1]}


def test_the_seed_is_the_bases_where_none_is_said(tmp_path: Path) -> None:
    assert [cell.seed for cell in plan_of(written(tmp_path, HEAD + TWO)).cells] == [7, 7]


def test_names_hold_what_decides_the_result(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, HEAD + TWO))
    longer = plan_of(written(tmp_path, HEAD + "[set]\nrun.rounds = 3\n" + TWO))
    for cell in plan.cells:
        assert cell.name == f"{cell.label}-s7-{fingerprint(cell.run)[:8]}"
    assert not {cell.name for cell in plan.cells} & {cell.name for cell in longer.cells}


def test_an_override_is_for_all_cells(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, HEAD + TWO), ["run.rounds=9"])
    assert [cell.run.run.rounds for cell in plan.cells] == [9, 9]


def test_an_override_is_stronger_than_what_the_file_sets_for_all(tmp_path: Path) -> None:
    text = HEAD + "[set]\nrun.rounds = 3\nnetwork.density = 0.5\n" + TWO
    plan = plan_of(written(tmp_path, text), ["run.rounds=9", "network.graph=ring"])
    assert [(cell.run.run.rounds, cell.run.network.graph) for cell in plan.cells] == [(9, "ring")] * 2


@pytest.mark.parametrize(
    ("text", "word", "sentence"),
    [
        (TWO, "algorithm.name=mudag", r"--set algorithm.name: cells of .* differ in it.*: change \[grid\] there"),
        ("[grid]\nnetwork.density = [0.2, 0.4]\n", "network.side_m=40", r"what takes its place: change \[grid\]"),
        ("[random]\ndraws = 1\nalgorithm.lr = {low = 0.1, high = 0.2}\n", "algorithm.lr=1", r"change \[random\] there"),
        ("seeds = 2\n" + TWO, "run.seed=3", r"change \[sweep\] there"),
        (TWO, "run.name=mine", "a sweep names its cells itself"),
    ],
)
def test_an_override_that_cells_would_undo_is_told(text: str, word: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        plan_of(written(tmp_path, HEAD + text), [word])


def test_files_are_looked_for_beside_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "pairs.edgelist").write_text("0 1\n1 2\n")
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path / "here", HEAD + '[grid]\nnetwork.graph = ["ring", "pairs.edgelist"]\n')
    graphs = [cell.run.network.graph for cell in plan_of(file).cells]
    assert graphs == ["ring", str(tmp_path / "here" / "pairs.edgelist")]


def test_labels_of_a_person_become_names_of_folders(tmp_path: Path) -> None:
    text = HEAD + '[[list]]\nlabel = "../../p = 3 / <b>"\nalgorithm.name = "wpm"\n'
    (cell,) = plan_of(written(tmp_path, text)).cells
    assert cell.label == "../../p = 3 / <b>"
    assert cell.name.startswith("p-3-b-s7-")


def test_the_same_cell_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'lr 0.1' and 'lr 0.1', seed 7, are the same scenario"):
        plan_of(written(tmp_path, HEAD + "[grid]\nalgorithm.lr = [0.1, 0.1]\n"))


def test_settings_of_one_name_are_told(tmp_path: Path) -> None:
    text = HEAD + '[[list]]\nlabel = "A"\nalgorithm.name = "wpm"\n[[list]]\nlabel = "A"\nalgorithm.name = "dpsgd"\n'
    with pytest.raises(UserError, match="two settings are called 'A': give each a label of its own"):
        plan_of(written(tmp_path, text))


def test_an_impossible_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"sweep.toml, density 2, seed 7: network.density = 2.0"):
        plan_of(written(tmp_path, HEAD + "[grid]\nnetwork.density = [0.5, 2.0]\n"))
    with pytest.raises(UserError, match=r'adpsgd, seed 7: algorithm.name = "adpsgd" is not defined'):
        plan_of(written(tmp_path, HEAD + '[set]\nalgorithm.name = "adpsgd"\n[grid]\nalgorithm.name = ["adpsgd"]\n'))


def test_a_missing_base_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no scenario file .*other.toml"):
        plan_of(written(tmp_path, HEAD.replace("base.toml", "other.toml")))


@ENGINE
def test_methods_that_send_alike_share_an_air(tmp_path: Path) -> None:
    names = '[grid]\nalgorithm.name = ["dpsgd", "wpm", "mudag", "local"]\n'
    plan = plan_of(written(tmp_path, HEAD + "seeds = 2\n" + names, LIVE))
    airs = {(cell.label, cell.seed): cell.air and cell.air.name for cell in plan.cells}
    assert airs["dpsgd", 1] == airs["wpm", 1] != airs["wpm", 2] == airs["dpsgd", 2]
    assert airs["mudag", 1] is airs["local", 1] is None
    assert [air.name for air in plan.airs] == [airs["dpsgd", 1], airs["dpsgd", 2]]


@ENGINE
def test_a_shared_air_is_as_long_as_its_longest_cell(tmp_path: Path) -> None:
    text = HEAD + '[[list]]\nalgorithm.name = "dpsgd"\n[[list]]\nalgorithm.name = "wpm"\nrun.rounds = 5\n'
    plan = plan_of(written(tmp_path, text, LIVE))
    assert [air.scenario().run.rounds for air in plan.airs] == [5]


def test_graphs_need_no_air(tmp_path: Path) -> None:
    assert plan_of(written(tmp_path, HEAD + TWO)).airs == []


def test_the_plan_is_json_for_readers(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, HEAD + TWO))
    tree = json.loads(plan.dumps())
    assert tree["format"] == 1
    assert tree["cells"][0] == {
        "name": plan.cells[0].name,
        "label": "dpsgd",
        "seed": 7,
        "keys": {"algorithm.name": "dpsgd"},
        "entry": "",
    }


def test_the_plan_tells_labels_of_entries_apart_from_those_of_settings(tmp_path: Path) -> None:
    text = HEAD + '[grid]\nalgorithm.lr = [0.1, 0.2]\n[[list]]\nlabel = "plain"\nalgorithm.name = "dpsgd"\n'
    told = [(cell["label"], cell["entry"]) for cell in json.loads(plan_of(written(tmp_path, text)).dumps())["cells"]]
    assert told == [("plain, lr 0.1", "plain"), ("plain, lr 0.2", "plain")]
