"""Means over those that have a component, against loops over values."""

import pytest
import torch

from testbed.lora.adapters import Adapters, with_own
from testbed.lora.means import Linear, Power
from testbed.lora.owners import Share, kept, owner_means, renormalised
from tests.lora.merges.made import some_weights

OF = torch.tensor([0, 0, 1, 2, 2, 2, 3])


def case() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    has = torch.rand(6, 4, generator=draw) < 0.6
    has[:, 3] = False
    values = torch.randn(6, 7, generator=draw).masked_fill(~has[:, OF], 0.0)
    return values, has, some_weights()


@pytest.mark.parametrize("share", [renormalised, kept])
@pytest.mark.parametrize("p", [1.0, 3.0])
def test_means_are_those_over_owners(share: Share, p: float) -> None:
    values, has, weights = case()
    means = owner_means(values, has, OF, weights, Power(p), "A", share)
    for device in range(6):
        for column, component in enumerate(OF.tolist()):
            owners = [row for row in range(6) if has[row, component]]
            if device not in owners:
                continue
            given = {row: weights[device, row].item() for row in owners}
            if share is kept:
                given[device] += 1 - sum(given.values())
            total = sum(w * values[row, column].item() ** p for row, w in given.items()) / sum(given.values())
            wanted = abs(total) ** (1 / p) * (1 if total > 0 else -1)
            assert means[device, column].item() == pytest.approx(wanted, rel=1e-5)
    assert not means[:, 6].any()


@pytest.mark.parametrize("share", [renormalised, kept])
def test_new_weights_sum_to_1_and_leave_out_who_lacks(share: Share) -> None:
    _, has, weights = case()
    for owners in has.T[:3]:
        new = share(weights, owners)
        torch.testing.assert_close(new.sum(1), torch.ones(6).double())
        assert not new[:, ~owners].any()
    torch.testing.assert_close(share(weights, torch.ones(6, dtype=torch.bool)), weights)


def test_kept_weights_are_symmetric_among_owners() -> None:
    _, has, weights = case()
    for owners in has.T[:3]:
        new = kept(weights, owners)[owners][:, owners]
        torch.testing.assert_close(new, new.T)


@pytest.mark.parametrize("share", [renormalised, kept])
def test_the_only_owner_keeps_its_values_bit_for_bit(share: Share) -> None:
    values, has, weights = case()
    has[:, 1] = torch.arange(6) == 2
    means = owner_means(values, has, OF, weights, Linear(), "A", share)
    assert torch.equal(means[2, 2], values[2, 2])


def test_components_with_the_same_owners_are_one_mean() -> None:
    values, _, weights = case()
    has = torch.ones(6, 4, dtype=torch.bool)
    has[0, 2] = False
    asked = []

    class Spy(Linear):
        def __call__(self, values: torch.Tensor, weights: torch.Tensor, part: str) -> torch.Tensor:
            asked.append(values.shape[1])
            return super().__call__(values, weights, "A")

    owner_means(values, has, OF, weights, Spy(), "A", renormalised)
    assert sorted(asked) == [3, 4]


def test_what_others_have_is_as_sent_and_the_own_as_it_is() -> None:
    draw = torch.Generator().manual_seed(0)
    live = torch.ones(3, 2, dtype=torch.bool)
    own = Adapters(torch.randn(3, 5, generator=draw), live, live)
    sent = Adapters(torch.randn(4, 5, generator=draw), torch.zeros(4, 2, dtype=torch.bool), torch.ones(4, 2).bool())
    weights = torch.rand(3, 4, generator=draw).double()
    rows, new = with_own(own, sent, weights)
    expected = weights @ sent.values.double() + weights.diagonal()[:, None] * (own.values - sent.values[:3])
    torch.testing.assert_close(new @ rows.values.double(), expected)
    assert torch.equal(rows.a[:3], live)
    assert not rows.a[3:].any()
    same = Adapters(torch.cat([own.values, sent.values]), torch.cat([live, sent.a]), torch.cat([live, sent.b]))
    assert with_own(own, same, weights)[0] is same
