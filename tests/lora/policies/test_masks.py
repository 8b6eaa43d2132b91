"""Policies that only say what is trained and sent: fixed, given, boost, branches, partial."""

import pytest
import torch

from testbed.errors import UserError
from testbed.lora.norms import change
from tests.lora.cases import DEVICES, LAYOUT, build, rounds

ROOMS = torch.tensor([4, 3, 4])


def test_fixed_has_one_rank() -> None:
    for each in rounds(build("fixed", rank=3), 2):
        assert (LAYOUT.ranks(each.plan.live) == 3).all()
        assert all(torch.equal(mask, each.plan.live) for mask in (each.plan.a, each.plan.b, *each.sent))


def test_given_has_those_of_the_list() -> None:
    for each in rounds(build("given", rank=(1, 4, 2, 3, 9)), 2):
        expected = torch.tensor([1, 4, 2, 3, 9])[:, None].minimum(ROOMS)
        assert torch.equal(LAYOUT.ranks(each.plan.live), expected)
        assert torch.equal(each.sent[0], each.plan.live)


def test_boost_trains_one_component_of_each_layer_after_the_other() -> None:
    for each in rounds(build("boost"), 12):
        stage = min(each.number // 2, 3)
        expected = LAYOUT.nested(torch.tensor([stage + 1] * 3)) & ~LAYOUT.nested(
            torch.tensor([stage, min(stage, 2), stage])
        )
        assert all((mask == expected).all() for mask in (each.plan.a, each.plan.b, *each.sent))
        assert (LAYOUT.ranks(each.sent[0]) == 1).all()
        later = ~LAYOUT.nested(torch.tensor([stage + 1] * 3))
        none = torch.zeros_like(later)
        columns = LAYOUT.columns(none, later)
        columns[LAYOUT.head] = False
        assert not each.models[:, columns].any()


def test_branches_share_the_first() -> None:
    for each in rounds(build("branches", rank=(2, 3, 4, 4, 4), shared=2), 2):
        assert torch.equal(LAYOUT.ranks(each.plan.a)[2:], ROOMS.expand(3, -1))
        assert all(torch.equal(mask, LAYOUT.nested(torch.full((DEVICES, 3), 2))) for mask in each.sent)


def test_branches_can_share_no_more_than_there_is() -> None:
    with pytest.raises(UserError, match=r"lora\.shared = 3: .* rank 2 at least"):
        build("branches", rank=(2, 3, 4, 4, 4), shared=3)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_partial_sends_the_layers_that_changed_most(layers: int) -> None:
    policy = build("partial", layers=layers)
    models = torch.randn(DEVICES, LAYOUT.size, generator=torch.Generator().manual_seed(0))
    updates = 0.1 * models.roll(1, 0)
    plan = policy.plan(policy.start(), 0)
    a, b = policy.select(plan, models, updates, policy.start())
    assert torch.equal(a, b)
    best = change(LAYOUT, models, updates).topk(layers).indices.sort(1).values
    ranks = LAYOUT.ranks(a)
    assert torch.equal((ranks > 0).nonzero()[:, 1].view(-1, layers), best)
    assert torch.equal(ranks, ROOMS * (ranks > 0))


def test_partial_can_send_no_more_layers_than_there_are() -> None:
    with pytest.raises(UserError, match=r"lora\.layers = 4: .* and 3 of the model have adapters"):
        build("partial", layers=4)


def test_partial_passes_over_what_does_not_fit() -> None:
    """Layers of 480, 972 and 928 bytes, of which the second changed most, then the third."""
    models = torch.zeros(DEVICES, LAYOUT.size)
    updates = models.clone()
    for site, size in zip(LAYOUT.sites, (0.1, 3.0, 1.0), strict=True):
        LAYOUT.factors(models, site)[0].fill_(1.0)
        LAYOUT.factors(updates, site)[1].fill_(size)
    expected = {480: [0], 500: [0], 928: [2], 971: [2], 972: [1], 1452: [1, 0], 1900: [1, 2], 5000: [1, 2]}
    for budget, layers in expected.items():
        policy = build("partial", layers=2, budget_bytes=budget)
        a, _ = policy.select(policy.plan(policy.start(), 0), models, updates, policy.start())
        assert LAYOUT.ranks(a)[0].nonzero().flatten().tolist() == sorted(layers)


def test_partial_says_so_where_no_layer_fits() -> None:
    with pytest.raises(UserError, match=r"budget_bytes = 479: .* the smallest layer takes 480 bytes"):
        build("partial", layers=2, budget_bytes=479)
    with pytest.raises(UserError, match=r"budget_bytes = 200: .* takes 480 bytes"):
        build("partial", rank=(1, 1, 4, 1, 1), layers=2, budget_bytes=200)
