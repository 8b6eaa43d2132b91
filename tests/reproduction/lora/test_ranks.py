"""What a budget gives each method, against bytes of messages as the learner counts them."""

from dataclasses import replace

import pytest

from testbed.lora.policies.sa_fedlora import phi
from testbed.reproduction.lora import ranks
from testbed.reproduction.lora.cells import Cell, _workload
from testbed.reproduction.lora.methods import FAMILIES, METHODS, fits
from testbed.reproduction.lora.tasks import CNN, MLP, QUICK, TASKS, TEXT, budget_bytes, cap, shape, whole_bytes
from testbed.scenario.algorithms import MERGES, POLICIES, names

HERE = [(task, method, budget) for task in (MLP, CNN, QUICK) for method in METHODS for budget in task.budgets]
FITTING = [each for each in HERE if fits(*each)]
BESIDE = 28 + 4 + 2 * 64
"""Bytes of header, fields and masks in a message, at most."""


def test_shapes_of_the_models() -> None:
    assert shape(MLP) == (((784, 128),), 1_290, 101_770)
    assert shape(CNN).sides == ((25, 6), (150, 16), (400, 120), (120, 84))
    assert whole_bytes(MLP) == 407_108
    assert cap(CNN) == 6


def test_the_text_models_shape_is_that_of_the_model() -> None:
    pytest.importorskip("transformers")
    from testbed.learning.backbones import HEAD, skeleton, targets

    module = skeleton("minilm", 8)
    sides = tuple(tuple(module.get_parameter(f"{name}.weight").shape[::-1]) for name in targets("minilm", module))
    head = sum(each.numel() for each in module.get_submodule(HEAD).parameters())
    assert shape(TEXT) == (sides, head, sum(each.numel() for each in module.parameters()))


@pytest.mark.parametrize("method", METHODS)
def test_what_is_known_ahead_keeps_its_budget(method: str) -> None:
    for task, budget in ((task, budget) for task, own, budget in FITTING if own == method):
        work, paid = _workload(task, method, budget), budget_bytes(task, budget) + 4 * shape(task).head
        if not work.dynamic:
            assert work.message_bytes.mean(1).max() <= paid + BESIDE
            if "mean" not in METHODS[method].keeps:
                assert work.message_bytes.max() <= paid + BESIDE


@pytest.mark.parametrize("method", METHODS)
def test_every_scenario_is_one(method: str) -> None:
    for task, budget in ((task, budget) for task, own, budget in FITTING if own == method):
        scenario = Cell(task, 0.1, method, budget, 0.01, 2).scenario(None)
        assert scenario.lora is not None
        assert (scenario.network.kind, scenario.network.density, scenario.algorithm.optimizer) == ("ns3", 0.5, "adamw")
        assert (scenario.lora.policy, scenario.lora.merge) == (METHODS[method].policy, METHODS[method].merge)


def test_every_policy_and_every_merge_is_tried() -> None:
    assert {each.policy for each in METHODS.values()} == set(names(POLICIES))
    assert {each.merge for each in METHODS.values()} == set(names(MERGES))
    assert {each.family for each in METHODS.values()} == set(FAMILIES)
    tried = {method for _, method, _ in FITTING}
    assert tried == set(METHODS)


def test_one_factor_alone_pays_for_a_higher_rank() -> None:
    assert ranks.one_sided(MLP, 1) == {"rank": 3648 // 512}
    assert ranks.one_sided(CNN, 4) == {"rank": 6}  # the first layer takes no more


@pytest.mark.parametrize("devices", [1, 2, 3, 5, 6, 20])
@pytest.mark.parametrize("budget", [2, 3, 4, 8])
def test_given_ranks_have_the_budgets_mean_at_most(devices: int, budget: int) -> None:
    keys = ranks.unequal(replace(MLP, devices=devices), budget)
    assert keys is not None
    assert sum(keys["rank"]) <= budget * devices
    if devices % 4 == 0 and budget % 2 == 0:
        assert sum(keys["rank"]) == budget * devices


def test_layers_that_take_no_double_rank_have_a_lower_highest_one() -> None:
    assert ranks.unequal(CNN, 4) == {"rank": (3, 4, 3, 6) * 5}
    assert ranks.unequal(MLP, 1) is None


@pytest.mark.parametrize("budget", [2, 4, 8])
def test_an_annealed_schedule_sends_the_budget_and_no_more(budget: int) -> None:
    keys = ranks.annealed(MLP, budget)
    assert keys is not None

    def total(high: int) -> float:
        found = [phi("cubic", t, keys["heat_rounds"], keys["cool_rounds"], 0.9) for t in range(MLP.rounds)]
        return sum(round(1 + (high - 1) * share) for share in found)

    assert total(keys["rank"]) <= budget * MLP.rounds * 1.01
    assert total(keys["rank"] + 1) > budget * MLP.rounds * 0.99
    assert ranks.annealed(MLP, 1) is None


def test_boosting_is_of_rank_one_alone() -> None:
    assert ranks.boosted(MLP, 1) == {"rank": 10, "stage_rounds": 10}
    assert ranks.boosted(MLP, 2) is None


def test_layers_are_chosen_where_there_are_some() -> None:
    assert not fits(MLP, "partial", 4)
    assert fits(CNN, "partial", 2)


def test_tasks_have_the_names_of_the_command_line() -> None:
    assert list(TASKS) == ["mnist-mlp", "mnist-cnn", "fashion-mnist-mlp", "reuters-r8-minilm"]


@pytest.mark.parametrize("rounds", [1, 2, 3, 14, 15, 100])
def test_a_flood_fits_the_rounds(rounds: int) -> None:
    keys = ranks.autorank(replace(MLP, rounds=rounds), 4)
    assert (keys is None) == (rounds == 1)
    if keys is not None:
        assert 1 <= keys["flood_rounds"] < rounds
        Cell(replace(MLP, rounds=rounds), 0.1, "autorank", 4, 0.01, 2).scenario(None)
