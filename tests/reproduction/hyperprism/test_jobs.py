"""Which airs and cells a plan needs, and that what is finished is not done again."""

from dataclasses import replace
from pathlib import Path

import pytest

from testbed.campaign import doing as module
from testbed.campaign.doing import do
from testbed.campaign.store import claimed
from testbed.errors import UserError
from testbed.reproduction.hyperprism.cells import Cell, air_of
from testbed.reproduction.hyperprism.choice import Choice
from testbed.reproduction.hyperprism.grid import CIFAR, MNIST, Setting
from testbed.reproduction.hyperprism.jobs import Jobs
from testbed.reproduction.hyperprism.plan import Plan, quick
from testbed.reproduction.store import Store
from testbed.results.curve import DIVERGED
from testbed.scenario import dumps, parse
from tests.reproduction.hyperprism.made import BASE, PLAN, TASK, Made

CELL = Cell(TASK, BASE, "dpsgd", "graph", 0.01, 1)
SMALL = replace(CELL, setting=Setting(devices=4))


def live(method: str, **changes: object) -> Cell:
    return replace(CELL, task=MNIST, method=method, air="ns3", **changes)  # type: ignore[arg-type]


def test_names_say_what_a_cell_is() -> None:
    assert CELL.name == "mnist5k-a0.1-d0.5-m50-dpsgd-graph-lr0.01-s1"
    assert replace(CELL, tuning=True).name == "mnist5k-a0.1-d0.5-m50-dpsgd-graph-lr0.01-s1-tuning"
    assert air_of(live("dpsgd")).name == "ns3-m50-d0.5-s1-31428B-x1"
    assert air_of(live("swarm")).name == "ns3-m50-d0.5-s1-31428B-x1-partner"
    assert air_of(live("mudag")).name == "ns3-m50-d0.5-s1-31428B-x3"
    assert air_of(live("adom")).name == air_of(live("adom_plus")).name == "ns3-m50-d0.5-s1-62828B-x1"


def test_an_air_does_not_depend_on_what_is_learnt() -> None:
    names = {air_of(live(method, lr=lr)).name for method in ("dpsgd", "hyperprism") for lr in (0.01, 0.1)}
    assert len(names) == 1
    assert air_of(live("dpsgd", setting=Setting(alpha=10.0))).name in names
    assert air_of(live("dpsgd", setting=Setting(density=0.8))).name not in names


def test_a_plan_has_each_cell_and_each_air_once() -> None:
    plan = Plan((MNIST,), seeds=2)
    names = [cell.name for cell in Jobs(plan, Made({})).cells()]
    assert len(names) == len(set(names))
    paper, tuning, powers = 7 * 6 * 2 * 2, 7 * 6 * 5, 8 * 2
    assert len(names) == paper + tuning + powers
    airs = Jobs(plan, Made({})).airs()
    assert len(airs) == 5 * 4 * 2  # networks, kinds of messages, seeds
    assert airs[0].name == "ns3-m50-d0.5-s1-31428B-x1"
    assert [air.weight for air in airs[:4]] == sorted(air.weight for air in airs[:4])


def test_cells_wait_for_their_air() -> None:
    plan = replace(PLAN, columns=("paper",), seeds=1, powers=())
    jobs = Jobs(plan, Made({}))
    airs, cells = jobs.open()
    assert not any(cell.recording() for cell in cells)
    jobs.store.made = dict.fromkeys(airs)  # type: ignore[attr-defined]
    assert {bool(cell.recording()) for cell in jobs.open()[1]} == {True, False}
    assert Jobs(plan, Made({}), only_airs=True).open() == (airs, [])


def test_scenarios_are_the_papers() -> None:
    scenario = air_of(live("dpsgd")).scenario()
    assert (scenario.network.kind, scenario.network.density, scenario.network.mobility) == ("ns3", 0.5, "redraw")
    scenario = Cell(CIFAR, Setting(1.0, 0.2, 20), "mudag", "graph", 0.1, 3).scenario(None)
    assert (scenario.run.rounds, scenario.run.seed, scenario.devices.count) == (100, 3, 20)
    assert (scenario.data.name, scenario.data.alpha, scenario.model.name) == ("cifar10", 1.0, "cnn")
    assert (scenario.algorithm.name, scenario.algorithm.lr, scenario.algorithm.batch_size) == ("mudag", 0.1, 128)
    assert (scenario.network.kind, scenario.network.density, scenario.output.evaluate) == ("graph", 0.2, "test")
    tuning = replace(CELL, tuning=True).scenario(None)
    assert (tuning.output.evaluate, tuning.data.validation, tuning.run.rounds) == ("validation", 100, 2)


def test_a_finished_cell_is_never_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = do(SMALL, tmp_path, None)
    assert first is not None
    assert "best accuracy" in first.told
    assert Store(tmp_path).is_done(SMALL)
    monkeypatch.setattr(module, "run", None)
    again = do(SMALL, tmp_path, None)
    assert again is not None
    assert again.told == "done meanwhile"
    assert Store(tmp_path).curve(SMALL).accuracy.shape == (3,)


def test_a_cell_that_diverges_is_finished_with_its_rounds(tmp_path: Path) -> None:
    wild = replace(SMALL, lr=1e5)
    done = do(wild, tmp_path, None)
    assert done is not None
    assert "diverged" in done.told
    store = Store(tmp_path)
    assert (store.folder(wild) / DIVERGED).is_file()
    assert store.is_done(wild)
    assert store.curve(wild).diverged


def test_what_another_version_began_is_begun_anew(tmp_path: Path) -> None:
    folder = Store(tmp_path).folder(SMALL)
    folder.mkdir(parents=True)
    (folder / "scenario.toml").write_text(dumps(parse({"run": {"seed": 5}})))
    assert do(SMALL, tmp_path, None) is not None
    assert Store(tmp_path).is_done(SMALL)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with claimed(Store(tmp_path).folder(SMALL)) as mine:
        assert mine
        assert do(SMALL, tmp_path, None) is None
    with claimed(Store(tmp_path).folder(SMALL)) as mine:
        assert mine


def test_quick_is_small() -> None:
    plan = quick(Plan())
    assert max(setting.devices for setting in plan.settings()) <= 10
    assert [task.data for task in plan.tasks] == ["mnist5k"]
    assert plan.seeds == 1


def test_the_base_setting_can_be_asked_for_alone() -> None:
    plan = Choice(data="cifar10", base=True, tables=(3,)).plan()
    assert plan.settings() == plan.columns_of(3) == [Setting()]
    assert Choice(quick=True, base=True).plan().settings() == [Setting(devices=6)]


def test_fixed_powers_are_run_on_the_digits_alone() -> None:
    assert Choice().plan().powers == Choice(data="mnist").plan().powers == Plan().powers
    assert not Choice(data="cifar10").plan().powers
    assert Choice(quick=True).plan().powers


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"tables": (5,)}, "2, 3, 4"),
        ({"data": "mnist5k"}, "mnist, cifar10, all"),
        ({"air": "wifi"}, "ns3, graph, both"),
        ({"lr": "best"}, "paper, tuned, both"),
    ],
)
def test_unknown_words_are_refused(options: dict[str, object], word: str) -> None:
    with pytest.raises(UserError, match=word):
        Choice(**options).plan()  # type: ignore[arg-type]
