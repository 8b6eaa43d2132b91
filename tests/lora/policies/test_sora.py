"""SoRA's gates: penalty and soft threshold."""

import torch
from torch import Tensor

from testbed.lora.norms import norms
from testbed.lora.policy import Policy, Seen
from tests.lora.cases import DEVICES, LAYOUT, build, products


def _models() -> Tensor:
    """Gates from nearly 0 on."""
    models = torch.randn(DEVICES, LAYOUT.size, generator=torch.Generator().manual_seed(0))
    for site in LAYOUT.sites:
        LAYOUT.factors(models, site)[1].mul_(torch.arange(site.room)[:, None] * 0.1 + 0.001)
    return models


def _after(policy: Policy, models: Tensor, round_: int) -> tuple[Tensor, Tensor]:
    heard, none = torch.zeros(DEVICES, DEVICES, dtype=torch.bool), torch.zeros(DEVICES)
    seen = Seen(none, heard, none, models, torch.zeros_like(models))
    after, state = policy.after(models, policy.start(), round_, seen)
    return after, state["live"]


def test_gates_lose_the_threshold_down_to_nothing() -> None:
    models = _models()
    after, live = _after(build("sora", threshold=1.5), models, 1)
    a, b = norms(LAYOUT, models)
    left = (a * b - 1.5).clamp(min=0)
    assert torch.equal(live, left > 0)
    assert not live.all()
    new_a, new_b = norms(LAYOUT, after)
    torch.testing.assert_close(new_a * new_b, left, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(new_a, a * live)
    for old, new in zip(products(models), products(after), strict=True):
        assert (new.norm(dim=(1, 2)) < old.norm(dim=(1, 2))).all()


def test_the_largest_stay_as_they_are_where_all_would_close() -> None:
    models = _models()
    after, live = _after(build("sora", threshold=1e5, rank_min=2), models, 1)
    a, b = norms(LAYOUT, models)
    for site in LAYOUT.sites:
        largest = (a * b)[:, site.components].topk(2).indices.sort(1).values
        assert torch.equal(live[:, site.components].nonzero()[:, 1].view(-1, 2), largest)
    assert torch.equal(after, models.masked_fill(~LAYOUT.columns(live, live), 0.0))


def test_none_closes_in_the_first_rounds() -> None:
    models = _models()
    for round_, closed in ((0, False), (1, False), (2, True)):
        _, live = _after(build("sora", threshold=1.5, init_rounds=2), models, round_)
        assert live.all() != closed


def test_the_penalty_is_the_mean_of_gates() -> None:
    policy = build("sora", gate_l1=0.7)
    models = _models().double().requires_grad_()
    a, b = norms(LAYOUT, models)
    (expected,) = torch.autograd.grad(0.7 / LAYOUT.components * (a * b).sum(), models)
    found = policy.penalty(models.detach().float(), policy.plan(policy.start(), 0))
    assert found is not None
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-6)
