"""Ranks that change under adapters."""

import numpy as np
import pytest
import torch

from testbed.lora.layout import Layout, Target
from testbed.lora.resize import energy_above, resized
from tests.lora.merges.made import LAYOUT, MERGES, UNEQUAL, product, trained

OWN = trained(MERGES["rbla"], UNEQUAL)
FRESH = LAYOUT.start(1, torch.zeros(15))


def test_growth_leaves_products_and_values_as_they_are() -> None:
    ranks = torch.tensor([[5, 4]]).expand(6, 2)
    values, live = resized(LAYOUT, OWN.values, OWN.a, ranks, FRESH)
    assert live.all()
    had = LAYOUT.columns(OWN.a, OWN.b)
    assert torch.equal(values[had], OWN.values[had])
    assert not values[:, LAYOUT.parts["B"]][~had[:, LAYOUT.parts["B"]]].any()
    new = ~had[:, LAYOUT.parts["A"]]
    assert torch.equal(values[:, LAYOUT.parts["A"]][new], FRESH[LAYOUT.parts["A"]].expand(6, -1)[new])
    for number in range(2):
        assert torch.equal(product(values, number), product(OWN.values, number))


def test_a_smaller_rank_keeps_the_best_product() -> None:
    ranks = torch.tensor([[1, 2], [3, 1], [0, 2], [0, 4], [2, 2], [1, 0]])
    values, live = resized(LAYOUT, OWN.values, OWN.a, ranks, FRESH)
    assert torch.equal(live, LAYOUT.nested(ranks))
    assert not values[~LAYOUT.columns(live, live)].any()
    for number in range(2):
        new, old = product(values, number), product(OWN.values, number)
        for device in range(6):
            u, s, vh = np.linalg.svd(old[device].numpy())
            rank = int(ranks[device, number])
            np.testing.assert_allclose(new[device], u[:, :rank] * s[:rank] @ vh[:rank], atol=1e-6)
    same = (ranks == UNEQUAL)[3]
    assert same.tolist() == [False, True]
    assert torch.equal(values[3, LAYOUT.sites[1].a], OWN.values[3, LAYOUT.sites[1].a])


def test_growth_and_back_is_the_product_of_before() -> None:
    grown, live = resized(LAYOUT, OWN.values, OWN.a, torch.tensor([[5, 4]]).expand(6, 2), FRESH)
    back, live = resized(LAYOUT, grown, live, UNEQUAL, FRESH)
    assert torch.equal(live, OWN.a)
    for number in range(2):
        torch.testing.assert_close(product(back, number), product(OWN.values, number), rtol=1e-5, atol=1e-6)


def test_components_need_not_be_the_first_ones() -> None:
    live = torch.tensor([[False, True, False, True, False, True, True, False, False]])
    values = OWN.values[4:5].masked_fill(~LAYOUT.columns(live, live), 0.0)
    grown, now = resized(LAYOUT, values, live, torch.tensor([[3, 2]]), FRESH)
    assert now[0, :5].tolist() == [True, True, False, True, False]
    assert torch.equal(product(grown), product(values))
    small, now = resized(LAYOUT, values, live, torch.tensor([[1, 2]]), FRESH)
    assert now[0].tolist() == [True, False, False, False, False, True, True, False, False]
    s = np.linalg.svd(product(values)[0].numpy(), compute_uv=False)
    assert np.linalg.norm(product(small)[0]) == pytest.approx(s[0], rel=1e-6)


def test_an_untrained_adapter_keeps_its_first_rows_of_a() -> None:
    start = LAYOUT.start(0, torch.zeros(15)).expand(6, -1)
    values, live = resized(LAYOUT, start, torch.ones(6, 9, dtype=torch.bool), UNEQUAL, FRESH)
    assert torch.equal(values, start.masked_fill(~LAYOUT.columns(live, live), 0.0))


def test_energy_is_that_of_singular_values() -> None:
    layout = Layout([Target("0", "linear", (10, 20)), Target("1", "linear", (6, 5))], [5, 4])
    values = torch.randn(3, layout.size, generator=torch.Generator().manual_seed(0))
    values[2] = 0
    for rank in (0, 2, 5):
        energy = energy_above(layout, values, rank)
        for number in range(2):
            for device in range(2):
                s = np.linalg.svd(product(values, number, layout)[device].numpy(), compute_uv=False)
                assert energy[device, number].item() == pytest.approx((s[rank:] ** 2).sum() / (s**2).sum(), abs=1e-6)
        assert not energy[2].any()
