"""Which airs and cells a plan needs, and in what order."""

from dataclasses import replace
from pathlib import Path

import pytest

from testbed.campaign.doing import do
from testbed.errors import UserError
from testbed.reproduction.choice import choose
from testbed.reproduction.lora.cells import Cell
from testbed.reproduction.lora.choice import Choice
from testbed.reproduction.lora.jobs import TUNING_SEED, Jobs
from testbed.reproduction.lora.plan import Plan
from testbed.reproduction.lora.tasks import MLP, QUICK, TASKS
from testbed.reproduction.store import Store
from tests.reproduction.lora.made import PLAN, TASK, Made, curve

CELL = Cell(TASK, 0.1, "fedit", 4, 0.03, 1)


def air(method: str, budget: int = 4, **changes: object) -> str | None:
    found = replace(CELL, method=method, budget=budget, **changes).recording()  # type: ignore[arg-type]
    return found.name if found else None


def test_names_say_what_a_cell_is() -> None:
    assert CELL.name == "mnist5k-mlp-a0.1-m4-fedit-r4-lr0.03-s1"
    assert replace(CELL, method="whole", budget=0).name == "mnist5k-mlp-a0.1-m4-whole-lr0.03-s1"
    assert replace(CELL, tuning=True).name == "mnist5k-mlp-a0.1-m4-fedit-r4-lr0.03-s1-tuning"


def test_what_sends_the_same_plays_one_air() -> None:
    shared = air("flexlora")
    assert shared is not None
    assert shared.startswith("ns3-mnist5k-mlp-m4-d0.5-s1-4r-19786B-x1-")
    assert {air(method) for method in ("flora", "products-wpm3", "aligned", "hetlora-merge")} == {shared}
    assert shared == air("flexlora", lr=0.1) == air("flexlora", alpha=0.01)
    different = {air("flexlora", 1), air("flexlora", seed=2), air("ffa"), air("given-rbla"), air("branches"), shared}
    assert len(different) == 6
    assert None not in different


def test_what_is_learnt_has_an_air_of_its_own() -> None:
    for method in ("a2", "sa", "autorank", "hetlora", "sora", "by-link", "local-lora"):
        assert air(method) is None
        assert replace(CELL, method=method).scenario(None).network.kind == "ns3"


def test_a_plan_has_each_cell_and_each_air_once() -> None:
    jobs = Jobs(PLAN, Made({}))
    names = [cell.name for cell in jobs.cells()]
    assert len(names) == len(set(names)) == 2 * (2 + 3 + 2)  # seeds; references, r = 4, r = 1
    assert [cell.method for cell in jobs.cells()][:3] == ["whole", "whole-local", "fedit"]
    airs = [each.name for each in jobs.airs()]
    assert len(airs) == len(set(airs)) == 2 * (1 + 2 + 1)


def test_learning_rates_are_tuned_first_and_then_known() -> None:
    task = replace(TASK, lr=None)
    plan, made = replace(PLAN, tasks=(task,), methods=("fedit",)), Made({})
    jobs = Jobs(plan, made)
    assert all(cell.tuning and cell.seed == TUNING_SEED for cell in jobs.cells())
    assert len(jobs.cells()) == 3 * 4
    tuning = jobs.cells()[0].scenario(None)
    assert (tuning.network.kind, tuning.output.evaluate, tuning.run.rounds) == ("graph", "validation", 50)
    for cell in jobs.search(task, "fedit").cells():
        made.made[cell.name] = curve(0.9 if cell.lr == 0.03 else 0.1)
    assert jobs.lr(task, "fedit") == 0.03
    known = [cell.name for cell in jobs.cells() if not cell.tuning]
    assert known == [f"mnist5k-mlp-a0.1-m4-fedit-r{budget}-lr0.03-s{seed}" for budget in (4, 1) for seed in (1, 2)]
    assert jobs.lr(task, "whole") is None


def test_what_is_run_of_the_whole() -> None:
    jobs = Jobs(Plan((MLP,)), Made({}))
    assert len({cell.name for cell in jobs.cells()}) == 4 * 32  # tuning of all that fit one layer, and of references


def test_quick_is_small() -> None:
    plan = Choice(quick=True).plan()
    assert (plan.tasks, plan.seeds) == ((QUICK,), 1)


def test_a_cell_is_run_and_found_finished(tmp_path: Path) -> None:
    tuning = replace(CELL, task=replace(TASK, tuning_rounds=2, validation=100), tuning=True)
    first = do(tuning, tmp_path, None)
    assert first is not None
    assert "best accuracy" in first.told
    store = Store(tmp_path)
    assert store.is_done(tuning)
    assert store.curve(tuning).rank.tolist() == [4.0, 4.0]
    assert store.curve(tuning).energy_above.shape == (2,)
    assert store.curve(tuning).airtime_s.shape == (2,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tables": (2,)}, "--table is not an option of reproduce lora"),
        ({"air": "ns3"}, "--air is not an option of reproduce lora"),
        ({"lr": "paper"}, "--lr is not an option of reproduce lora"),
        ({"base": True}, "--base is not an option of reproduce lora"),
    ],
)
def test_options_of_another_reproduction_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        choose("lora", **options)
    assert choose("hyperprism", **options).quick is False


def test_unknown_words_are_refused() -> None:
    with pytest.raises(UserError, match="mnist-mlp, mnist-cnn, fashion-mnist-mlp, reuters-r8-minilm, all"):
        choose("lora", data="mnist").needs()
    with pytest.raises(UserError, match="hyperprism, lora"):
        choose("adam")


def test_what_a_task_needs() -> None:
    assert choose("lora").needs() == ["mnist", "mnist", "fashion-mnist", "reuters-r8", "minilm"]
    assert choose("lora", quick=True).needs() == ["mnist5k"]


def test_the_core_is_a_part_of_the_whole() -> None:
    """So its cells have the names that they have there, and what is finished counts for both."""
    whole, core = (Plan(core=core) for core in (False, True))
    for task in TASKS.values():
        lines = {place: set(core.lines(place)) for place in core.places(task)}
        assert [place.budget for place in lines] == [1, 4]
        assert all(place in whole.places(task) and found <= set(whole.lines(place)) for place, found in lines.items())
        assert {method for found in lines.values() for method in found} == {*task.core, *core.references(task)}
    with pytest.raises(UserError, match="--core is not an option of reproduce hyperprism"):
        choose("hyperprism", core=True)
