"""One adapter for the mean of many products, against dense sums."""

import torch

from testbed.lora.layout import Layout, Target
from testbed.lora.mean import mean_product
from tests.lora.cases import LAYOUT, products


def draw(devices: int, layout: Layout = LAYOUT) -> torch.Tensor:
    return torch.randn(devices, layout.size, generator=torch.Generator().manual_seed(2))


def test_the_product_is_the_mean_of_the_products_whatever_its_rank() -> None:
    for devices in (1, 2, 30):
        values = draw(devices)
        own, mean, ranks = mean_product(LAYOUT, values)
        sides = [min(site.target.inputs, site.target.outputs) for site in LAYOUT.sites]
        assert list(ranks) == [min(devices * site.room, side) for site, side in zip(LAYOUT.sites, sides, strict=True)]
        for found, each in zip(products(mean, own), products(values), strict=True):
            torch.testing.assert_close(found, each.mean(0), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(mean[own.head], values[:, LAYOUT.head].mean(0))


def test_devices_that_agree_have_the_rank_of_one() -> None:
    values = draw(1).repeat(6, 1)
    assert list(mean_product(LAYOUT, values)[2]) == [site.room for site in LAYOUT.sites]


def test_nothing_learnt_is_a_product_of_zero() -> None:
    layout = Layout([Target("0", "linear", (10, 20))], 4)
    own, mean, ranks = mean_product(layout, layout.start(1, torch.zeros(0)).repeat(3, 1))
    assert ranks == [1]
    assert not products(mean, own)[0].any()
