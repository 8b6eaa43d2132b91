"""HetLoRA's self-pruning: penalty and decision."""

import torch
from torch import Tensor

from testbed.lora.policy import Seen
from tests.lora.cases import DEVICES, LAYOUT, build, started


def _models(live: Tensor) -> Tensor:
    values = torch.randn(DEVICES, LAYOUT.size, generator=torch.Generator().manual_seed(0))
    return values.masked_fill(~LAYOUT.columns(live, live), 0.0)


def test_the_penalty_is_on_the_tail() -> None:
    """Ranks 2 3 4 4 2 with half kept: tails from 1 1 2 2 1 on."""
    policy = build("hetlora", rank=(2, 3, 4, 4, 2), penalty=0.3)
    state = policy.start()
    models = _models(state["live"]).double().requires_grad_()
    total: Tensor = torch.zeros(())
    for site in LAYOUT.sites:
        a, b = LAYOUT.factors(models, site)
        for device, (first, rank) in enumerate([(1, 2), (1, 3), (2, 4), (2, 4), (1, 2)]):
            tail = slice(first, min(rank, site.room))
            total = total + 0.3 * a[device, tail].norm() * b[device, tail].norm()
    (expected,) = torch.autograd.grad(total, models)
    found = policy.penalty(models.detach().float(), policy.plan(state, 0))
    assert found is not None
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-5)


def _after(shrinks: list[float], prune: float = 0.5, least: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Models before and after, and the ranks, of devices whose tail, from component 2 on, shrank by so much."""
    policy = build("hetlora", prune=prune, rank_min=least)
    state = policy.start()
    models = _models(state["live"])
    tail = torch.cat([torch.arange(site.room) >= 2 for site in LAYOUT.sites])
    updates = models * LAYOUT.columns(tail, tail) * torch.tensor(shrinks)[:, None]
    heard = torch.zeros(DEVICES, DEVICES, dtype=torch.bool)
    seen = Seen(torch.zeros(DEVICES), heard, torch.zeros(DEVICES), models, updates)
    after, state = policy.after(models - updates, state, 0, seen)
    assert torch.equal(LAYOUT.ranks(state["live"]), state["rank"][:, None].minimum(torch.tensor([4, 3, 4])))
    return models - updates, after, state["rank"]


def test_a_tail_that_shrank_is_cut_off() -> None:
    before, after, rank = _after([0.1, -0.1, 0.0, 0.01, -0.01])
    assert rank.tolist() == [2, 4, 4, 2, 4]
    for site in LAYOUT.sites:
        for old, new in zip(LAYOUT.factors(before, site), LAYOUT.factors(after, site), strict=True):
            assert torch.equal(old[:, :2], new[:, :2])
            assert not new[[0, 3], 2:].any()
            assert torch.equal(old[[1, 2, 4]], new[[1, 2, 4]])


def test_a_rank_is_rounded_down_and_not_below_the_smallest() -> None:
    assert _after([0.1] * 5, prune=0.99)[2].tolist() == [3] * 5
    assert _after([0.1] * 5, least=3)[2].tolist() == [3] * 5
    assert _after([0.1] * 5, least=4)[2].tolist() == [4] * 5


def test_nobody_prunes_in_the_first_round() -> None:
    policy = build("hetlora")
    state = policy.start()
    models = started(policy, state)
    heard, none = torch.zeros(DEVICES, DEVICES, dtype=torch.bool), torch.zeros(DEVICES)
    seen = Seen(none, heard, none, models, -torch.ones_like(models))
    assert policy.after(models + 1, state, 0, seen)[1]["rank"].tolist() == [4] * DEVICES


def test_the_tail_is_looked_at_as_one() -> None:
    """|A| and |B| of the tail are those of other components: no component adds anything, but the product sinks."""
    policy = build("hetlora")
    state = policy.start()
    models = torch.zeros(DEVICES, LAYOUT.size)
    updates = models.clone()
    LAYOUT.factors(models, LAYOUT.sites[0])[0][:, 2] = 1.0
    LAYOUT.factors(models, LAYOUT.sites[0])[1][:, 3] = 1.0
    LAYOUT.factors(updates, LAYOUT.sites[0])[1][:2, 3] = 0.5
    heard, none = torch.zeros(DEVICES, DEVICES, dtype=torch.bool), torch.zeros(DEVICES)
    _, state = policy.after(models - updates, state, 0, Seen(none, heard, none, models, updates))
    assert state["rank"].tolist() == [2, 2, 4, 4, 4]
