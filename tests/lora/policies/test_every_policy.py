"""What holds for every file in `testbed/lora/policies/`."""

import pytest
import torch

from testbed.errors import UserError
from testbed.lora.budget import component_bytes
from testbed.lora.policy import Facts, Policy, Seen
from testbed.lora.wire import DType
from tests.lora.cases import DEVICES, LAYOUT, POLICIES, build, counts, products, rounds, started

pytestmark = pytest.mark.parametrize("name", POLICIES)
NUMBER = 8
B_ALONE = Facts(counts(), "B")


def test_it_has_a_title(name: str) -> None:
    assert type(build(name)).title


def test_masks_have_their_shapes_and_are_within_what_is_live(name: str) -> None:
    shape = DEVICES, LAYOUT.components
    for each in rounds(build(name), NUMBER):
        masks = each.plan.live, each.plan.a, each.plan.b, *each.sent, each.state["live"]
        assert all(mask.shape == shape and mask.dtype == torch.bool for mask in masks)
        assert torch.equal(each.plan.live, each.before["live"])
        assert not ((each.plan.a | each.plan.b | each.sent[0] | each.sent[1]) & ~each.plan.live).any()
        assert all(len(value) == DEVICES for value in each.state.values())
        assert each.extra.shape == (DEVICES,)
        assert each.extra.dtype == torch.int64


def test_something_is_sent(name: str) -> None:
    for each in rounds(build(name), NUMBER):
        assert (each.sent[0] | each.sent[1]).any(1).all()


def test_models_are_zero_where_nothing_is_live(name: str) -> None:
    for each in rounds(build(name), NUMBER):
        live = each.state["live"]
        assert not each.models.masked_select(~LAYOUT.columns(live, live)).any()
        assert torch.equal(each.models[:, LAYOUT.head], each.trained[:, LAYOUT.head])


def test_ranks_are_within_their_bounds(name: str) -> None:
    for each in rounds(build(name, rank_min=2, shared=2), NUMBER):
        ranks = LAYOUT.ranks(each.state["live"])
        assert (ranks >= 2).all()
        assert (ranks <= torch.tensor([4, 3, 4])).all()


def test_ranks_stay_unless_it_says_that_they_change(name: str) -> None:
    policy = build(name)
    changed = any(not torch.equal(each.before["live"], each.state["live"]) for each in rounds(policy, NUMBER))
    assert changed == policy.changes


def test_it_says_whether_devices_differ(name: str) -> None:
    policy = build(name)
    if not policy.unequal:
        for each in rounds(policy, NUMBER):
            assert all((mask == mask[0]).all() for mask in (each.plan.live, *each.sent))


def test_functions_stay_where_ranks_grow(name: str) -> None:
    for each in rounds(build(name), NUMBER):
        before, after = LAYOUT.ranks(each.before["live"]), LAYOUT.ranks(each.state["live"])
        for number, (old, new) in enumerate(zip(products(each.trained), products(each.models), strict=True)):
            grown = after[:, number] > before[:, number]
            assert torch.equal(old[grown], new[grown])


def test_it_is_deterministic_and_changes_no_argument(name: str) -> None:
    policy = build(name)
    kept = []
    for one, other in zip(rounds(policy, NUMBER), rounds(build(name), NUMBER), strict=True):
        assert torch.equal(one.models, other.models)
        assert all(torch.equal(value, other.state[key]) for key, value in one.state.items() if key != "pace")
        kept.append((one, one.models.clone(), {key: value.clone() for key, value in one.state.items()}))
    for each, models, state in kept:
        assert torch.equal(each.models, models)
        assert all(torch.equal(each.state[key].nan_to_num(), value.nan_to_num()) for key, value in state.items())


def test_devices_may_be_renamed(name: str) -> None:
    order = torch.tensor([3, 0, 4, 1, 2])
    facts = Facts(counts()[order])
    for one, other in zip(rounds(build(name), NUMBER), rounds(build(name, facts=facts), NUMBER, order), strict=True):
        assert torch.equal(one.plan.live[order], other.plan.live)
        assert all(torch.equal(mine[order], its) for mine, its in zip(one.sent, other.sent, strict=True))
        torch.testing.assert_close(one.models[order], other.models)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("budget", [1, 150, 700, 100_000])
def test_what_is_sent_is_within_the_budget(name: str, budget: int, dtype: DType) -> None:
    try:
        policy = build(name, budget_bytes=budget, dtype=dtype)
    except UserError as error:
        assert f"lora.budget_bytes = {budget}: " in str(error)  # noqa: PT017
        assert budget < 100_000
        return
    for each in rounds(policy, NUMBER):
        assert component_bytes(LAYOUT, *each.sent, dtype).sum(1).max() <= budget


def test_a_budget_of_what_it_needs_is_enough(name: str) -> None:
    if build(name).chooses:
        return
    need = _needed(name)
    build(name, budget_bytes=need)
    with pytest.raises(UserError, match=f"budget_bytes = {need - 1}: .* up to {need} bytes"):
        build(name, budget_bytes=need - 1)


def _needed(name: str) -> int:
    """What `most_sent` says, found by the sentence."""
    with pytest.raises(UserError, match="up to") as raised:
        build(name, budget_bytes=1)
    return int(str(raised.value).split("up to ")[1].split()[0])


def test_a_merge_that_trains_b_alone_has_nothing_of_a_trained_or_sent(name: str) -> None:
    try:
        policy = build(name, facts=B_ALONE)
    except UserError as error:
        assert "leaves one factor as it begins: take a merge that trains both" in str(error)  # noqa: PT017
        assert name in ("lora_a2", "sa_fedlora", "by_link")
        return
    start = started(build("fixed"), build("fixed").start())
    for each in rounds(policy, NUMBER):
        live = each.state["live"]
        assert not (each.plan.a | each.sent[0]).any()
        columns = slice(0, LAYOUT.parts["A"].stop)
        there = LAYOUT.columns(live, live)[:, columns]
        assert torch.equal(each.models[:, columns], start[:, columns] * there)


def test_a_list_of_ranks_has_one_for_each_device(name: str) -> None:
    policy = type(build(name))
    if not policy.lists:
        with pytest.raises(UserError, match="takes one number"):
            build(name, rank=(2, 3, 4, 4, 2))
        return
    with pytest.raises(UserError, match="list of 2 ranks for 5 devices"):
        build(name, rank=(2, 3))
    most = torch.tensor([2, 3, 4, 4, 2])
    for each in rounds(build(name, rank=(2, 3, 4, 4, 2)), NUMBER):
        if name != "lora_a2":  # there ranks are the budget
            assert (LAYOUT.ranks(each.state["live"]) <= most[:, None]).all()


@pytest.mark.parametrize("devices", [1, 2])
def test_few_devices_that_hear_nobody_are_enough(name: str, devices: int) -> None:
    policy: Policy = build(name, devices)
    state = policy.start()
    models, none = started(policy, state), torch.zeros(devices)
    for round_ in range(NUMBER):
        plan = policy.plan(state, round_)
        updates = torch.zeros_like(models)
        a, b = policy.select(plan, models, updates, state)
        assert a.shape == b.shape == (devices, LAYOUT.components)
        heard, samples = torch.zeros(devices, devices, dtype=torch.bool), [torch.ones(3)] * devices
        seen = Seen(none, heard, none + torch.nan, models, updates, samples)
        models, state = policy.after(models, state, round_, seen)
        assert models.isfinite().all()
