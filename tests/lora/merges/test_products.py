"""Merges of products, against dense matrices and numpy's SVD."""

import numpy as np
import pytest
import torch
from torch import Tensor

from testbed.aggregation import metropolis
from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Target
from testbed.lora.means import Power
from testbed.lora.merges.products_feedback import ProductsFeedback
from tests.lora.merges.made import DEVICES, EQUAL, LAYOUT, LINEAR, MERGES, UNEQUAL, message, mix, product, trained
from tests.lora.merges.made import some_weights as weights_of

WEIGHTS = weights_of()
OWN = trained(MERGES["flexlora"], UNEQUAL)


def best(matrices: Tensor, ranks: Tensor) -> Tensor:
    """The best product of each device's rank, by numpy."""
    found = []
    for matrix, rank in zip(matrices.double().numpy(), ranks.tolist(), strict=True):
        u, s, vh = np.linalg.svd(matrix)
        found.append(u[:, :rank] * s[:rank] @ vh[:rank])
    return torch.from_numpy(np.stack(found))


def heard(number: int) -> Tensor:
    """(devices, devices, outputs, inputs) what each has of each: its own where the other has no adapter."""
    products = product(OWN.values, number)
    return torch.where((UNEQUAL[:, number] > 0)[:, None, None], products, products[:, None])


@pytest.mark.parametrize("name", ["flexlora", "flora", "products", "products_feedback"])
def test_sums_of_products_are_cut_to_the_own_rank(name: str) -> None:
    mixed = mix(MERGES[name](LAYOUT), OWN, WEIGHTS)
    for number in range(2):
        wanted = best(torch.einsum("ij,ijon->ion", WEIGHTS, heard(number)), UNEQUAL[:, number])
        torch.testing.assert_close(product(mixed, number), wanted, rtol=1e-5, atol=1e-6)
        a, b = LAYOUT.factors(mixed[:-1], LAYOUT.sites[number])
        torch.testing.assert_close(a.norm(dim=-1), b.norm(dim=-1), rtol=1e-4, atol=1e-6)


def test_means_of_products_are_value_by_value() -> None:
    mixed = mix(MERGES["products"](LAYOUT), OWN, WEIGHTS, Power(3.0))
    for number in range(2):
        mean = torch.einsum("ij,ijon->ion", WEIGHTS, heard(number) ** 3)
        wanted = best(mean.sign() * mean.abs() ** (1 / 3), UNEQUAL[:, number])
        torch.testing.assert_close(product(mixed, number), wanted, rtol=1e-4, atol=1e-5)


def test_weights_by_rank_are_those_of_directions_in_order() -> None:
    mixed = mix(MERGES["rank_weighted"](LAYOUT), OWN, WEIGHTS)
    for number in range(2):
        ranks = UNEQUAL[:, number]
        total = torch.zeros_like(product(mixed, number))
        for k in range(LAYOUT.sites[number].room):
            kth = best(product(OWN.values, number), ranks.clamp(max=k + 1)) - best(
                product(OWN.values, number), ranks.clamp(max=k)
            )
            shares = WEIGHTS * (ranks > k)
            total += torch.einsum("ij,jon->ion", (shares / shares.sum(1, keepdim=True)).nan_to_num(), kth)
        torch.testing.assert_close(product(mixed, number), best(total, ranks), rtol=1e-4, atol=1e-5)


def test_weights_by_rank_with_equal_ranks_are_flexlora() -> None:
    own = trained(MERGES["flexlora"], EQUAL)
    mixed, other = (mix(MERGES[name](LAYOUT), own, WEIGHTS) for name in ("rank_weighted", "flexlora"))
    torch.testing.assert_close(mixed, other, rtol=1e-4, atol=1e-5)


def test_messages_of_smaller_rank_are_completed_by_the_own_product() -> None:
    mixed = mix(MERGES["completed"](LAYOUT), OWN, WEIGHTS)
    for number in range(2):
        products, ranks = product(OWN.values, number), UNEQUAL[:, number]
        total = torch.zeros_like(products)
        for i in range(DEVICES):
            for j in range(DEVICES):
                u, _, vh = torch.linalg.svd(products[j])
                left, right = u[:, ranks[j] :], vh[ranks[j] :]
                rest = left @ left.T @ products[i] @ right.T @ right
                total[i] += WEIGHTS[i, j] * (products[j] + (rest if ranks[j] < ranks[i] else 0))
        torch.testing.assert_close(product(mixed, number), best(total, ranks), rtol=1e-4, atol=1e-5)


def spread_after(name: str, rounds: int) -> tuple[float, float]:
    """How unlike ten devices are, before and after rounds on a ring: of ranks 2 and 8, from nearly one adapter on."""
    layout, ranks = Layout([Target("0", "linear", (32, 40))], 8), torch.tensor([[2], [8]] * 3 + [[2]] * 4)
    draw = torch.Generator().manual_seed(1)
    bases = [torch.linalg.qr(torch.randn(side, 8, generator=draw))[0].T for side in (40, 32)]
    start = torch.cat([(torch.linspace(2, 1, 8).sqrt()[:, None] * base).flatten() for base in bases])
    live, place = layout.nested(ranks), torch.arange(10)
    away = (place[:, None] - place).abs()
    links = (torch.minimum(away, 10 - away) <= 2) & (away > 0)
    values = start + 1e-4 * torch.randn(10, layout.size, generator=draw)
    values = Adapters(values, live, live).masked(layout).values
    unlike = []
    for _ in range(rounds + 1):
        small = product(values, 0, layout)[ranks[:, 0] == 2]
        unlike.append(((small - small.mean(0)).norm() / small.norm()).item())
        values = mix(MERGES[name](layout), Adapters(values, live, live), metropolis(links, links))
    return unlike[0], unlike[-1]


@pytest.mark.parametrize(
    "name", ["flexlora", "flora", "rank_weighted", "completed", "products", "products_feedback", "aligned"]
)
def test_a_device_without_an_adapter_in_a_layer_takes_nothing_away_there(name: str) -> None:
    ranks = torch.tensor([[5, 4]]).repeat(DEVICES, 1)
    ranks[0, 0] = ranks[3, 1] = 0
    live = LAYOUT.nested(ranks)
    values = Adapters(OWN.values[4:5].repeat(DEVICES, 1), live, live).masked(LAYOUT).values
    merge, before = MERGES[name](LAYOUT), values
    state = merge.start(DEVICES)
    for _ in range(5):
        own = Adapters(values, live, live)
        values, state = merge.mix(own, message(type(merge), own), WEIGHTS, LINEAR, state)
    for number in range(2):
        torch.testing.assert_close(product(values, number), product(before, number), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["completed", "aligned", "flexlora"])
def test_devices_that_nearly_agree_come_nearer(name: str) -> None:
    before, after = spread_after(name, 8)
    assert after < 0.1 * before


def test_weights_by_rank_throw_them_apart() -> None:
    before, after = spread_after("rank_weighted", 8)
    assert after > 100 * before


def test_error_feedback_loses_nothing() -> None:
    """Of the sum over all devices, round after round; and it brings what a small rank cuts off."""
    merge, values, live = ProductsFeedback(LAYOUT), OWN.values, OWN.a
    state = merge.start(DEVICES)
    before = [product(values, number).sum(0) for number in range(2)]
    for seed in range(4):
        own = Adapters(values, live, live)
        values, state = merge.mix(own, message(type(merge), own), weights_of(seed), LINEAR, state)
    for number in range(2):
        error = state[f"error_{number}"]
        after = (product(values, number) + error).sum(0)
        torch.testing.assert_close(after, before[number], rtol=1e-4, atol=1e-5)
        assert error.abs().max() > 0.01


def test_error_of_a_device_that_heard_nobody_stays() -> None:
    merge = ProductsFeedback(LAYOUT)
    draw = torch.Generator().manual_seed(0)
    state = {name: torch.randn(kept.shape, generator=draw) for name, kept in merge.start(DEVICES).items()}
    mixed, after = merge.mix(OWN, message(type(merge), OWN), WEIGHTS, LINEAR, state)
    assert torch.equal(mixed[-1], OWN.values[-1])
    for name, error in state.items():
        assert torch.equal(after[name][-1], error[-1])
        assert not torch.equal(after[name][0], error[0])


def test_factors_that_are_rotated_give_the_same() -> None:
    change = torch.linalg.qr(torch.randn(DEVICES, 5, 5, generator=torch.Generator().manual_seed(2)))[0]
    own = trained(MERGES["flexlora"], torch.tensor([[5, 4]]).expand(DEVICES, 2))
    rotated = own.values.clone()
    a, b = LAYOUT.factors(rotated, LAYOUT.sites[0])
    a.copy_(change @ a)
    b.copy_(change @ b)
    other = Adapters(rotated, own.a, own.b)
    for name in ("flexlora", "rank_weighted", "completed", "products"):
        mixed, again = (product(mix(MERGES[name](LAYOUT), each, WEIGHTS)) for each in (own, other))
        torch.testing.assert_close(again, mixed, rtol=1e-4, atol=1e-5)
