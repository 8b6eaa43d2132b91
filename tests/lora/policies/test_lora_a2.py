"""LoRA-A2: turns, importance, selection under a budget."""

import pytest
import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.budget import component_bytes
from testbed.lora.policies.lora_a2 import importance
from testbed.lora.policy import Policy
from tests.lora.cases import DEVICES, LAYOUT, build, products, rounds, started


def _models(policy: Policy, seed: int = 0) -> Tensor:
    return torch.randn(DEVICES, LAYOUT.size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("switch", "factors"), [(1, "BABABABA"), (3, "BBBAAABB")])
def test_factors_train_in_turn_b_first(switch: int, factors: str) -> None:
    for each, factor in zip(rounds(build("lora_a2", switch_rounds=switch), 8), factors, strict=True):
        assert each.plan.a.all() == each.plan.a.any() == (factor == "A")
        assert each.plan.b.all() == each.plan.b.any() == (factor == "B")


@pytest.mark.parametrize("round_", [0, 1])
def test_importance_is_the_norm_of_what_a_component_changed(round_: int) -> None:
    policy = build("lora_a2")
    state = policy.start()
    plan, models = policy.plan(state, round_), _models(policy)
    updates = _models(policy, 1) * LAYOUT.columns(plan.a, plan.b)
    found = importance(LAYOUT, plan, models, updates)
    for component in range(LAYOUT.components):
        one = torch.arange(LAYOUT.components) == component
        columns = LAYOUT.columns(one, one)
        pairs = zip(products((models - updates) * columns), products(models * columns), strict=True)
        norm = torch.stack([(new - old).norm(dim=(1, 2)) for new, old in pairs]).sum(0)
        torch.testing.assert_close(found[:, component], norm.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("gossip", "numbers"), [("both", ((30, 30), (81, 81), (58, 58))), ("interval", ((10, 20), (6, 75), (8, 50)))]
)
def test_what_is_sent_of_a_component(gossip: str, numbers: tuple[tuple[int, int], ...]) -> None:
    """Numbers in each layer's, in rounds of B and in rounds of A."""
    for round_ in (0, 1):
        policy = build("lora_a2", gossip=gossip)
        plan, models = policy.plan(policy.start(), round_), _models(policy)
        a, b = policy.select(plan, models, models * LAYOUT.columns(plan.a, plan.b), policy.start())
        sizes = component_bytes(LAYOUT, a, b, "float32")
        for site, own in zip(LAYOUT.sites, numbers, strict=True):
            assert set(sizes[:, site.components].flatten().tolist()) == {4 * own[round_]}


@pytest.mark.parametrize("round_", [0, 1])
def test_the_most_important_are_sent_over_all_layers(round_: int) -> None:
    policy = build("lora_a2", budget_bytes=4 * 200, gossip="interval")
    state = policy.start()
    plan, models = policy.plan(state, round_), _models(policy)
    updates = _models(policy, 1) * LAYOUT.columns(plan.a, plan.b)
    a, b = policy.select(plan, models, updates, state)
    sent = a | b
    scores = importance(LAYOUT, plan, models, updates)
    sizes = component_bytes(LAYOUT, plan.a, plan.b, "float32")
    for device in range(DEVICES):
        left = 800 - sizes[device, sent[device]].sum()
        assert left >= 0
        better = (~sent[device]).nonzero().flatten()
        for component in better:  # each was looked at after those before it had taken their place
            before = sent[device] & (scores[device] > scores[device, component])
            assert sizes[device, before].sum() + sizes[device, component] > 800


@pytest.mark.parametrize("gossip", ["both", "interval"])
def test_by_default_the_budget_is_that_of_the_ranks(gossip: str) -> None:
    policy = build("lora_a2", rank=(1, 2, 3, 4, 4), gossip=gossip)
    ranks = torch.tensor([1, 2, 3, 4, 4])[:, None].minimum(torch.tensor([4, 3, 4]))
    for each in rounds(policy, 4):
        sides = torch.tensor([[20, 10], [75, 6], [50, 8]])
        of = sides.sum(1) if gossip == "both" else sides[:, (each.number + 1) % 2]
        sizes = component_bytes(LAYOUT, *each.sent, "float32").sum(1)
        assert (sizes <= 4 * (ranks * of).sum(1)).all()
        assert (sizes[3:] == 4 * (ranks * of).sum(1)[3:]).all()
        assert (sizes[:3] > 2 * (ranks * of).sum(1)[:3]).all()
        assert each.plan.live.all()


def test_the_others_updates_do_not_count() -> None:
    policy = build("lora_a2", budget_bytes=300)
    models = started(policy, policy.start())
    for each in rounds(policy, 4):
        moved = each.models != models
        assert not moved[~LAYOUT.columns(*each.sent)].any()
        assert moved[:, LAYOUT.parts["B" if each.number % 2 == 0 else "A"]].any(1).all()
        models = each.models


@pytest.mark.parametrize(
    ("gossip", "dtype", "need"),
    [("both", "float32", 4 * 30), ("both", "float16", 2 * 30), ("interval", "float32", 4 * 20)],
)
def test_a_budget_has_place_for_a_component(gossip: str, dtype: str, need: int) -> None:
    """In rounds of A too, whose smallest row is that of the first layer, 20 numbers; of B it is 6."""
    for each in rounds(build("lora_a2", gossip=gossip, dtype=dtype, budget_bytes=need), 2):
        assert (each.sent[0] | each.sent[1]).any(1).all()
    with pytest.raises(UserError, match=f"budget_bytes = {need - 1}: .* the smallest component takes {need} bytes"):
        build("lora_a2", gossip=gossip, dtype=dtype, budget_bytes=need - 1)
