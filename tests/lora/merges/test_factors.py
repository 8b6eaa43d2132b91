"""Merges that take means of factors, against formulas written out with dense matrices."""

import torch

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Target
from testbed.lora.means import Power
from tests.lora.merges.made import (
    DEVICES,
    EQUAL,
    LAYOUT,
    LINEAR,
    MERGES,
    UNEQUAL,
    message,
    mix,
    product,
    some_weights,
    trained,
)

WEIGHTS = some_weights()
ALL = torch.full((DEVICES, DEVICES), 1 / DEVICES).double()


def sums(own: Adapters, weights: torch.Tensor, number: int = 0) -> torch.Tensor:
    """sum_j w_ij B_j A_j"""
    return torch.einsum("ij,jon->ion", weights, product(own.values, number))


def test_fedit_is_a_mean_of_values_and_no_mean_of_products() -> None:
    own = trained(MERGES["fedit"], EQUAL)
    mixed = mix(MERGES["fedit"](LAYOUT), own, WEIGHTS)
    torch.testing.assert_close(mixed, (WEIGHTS @ own.values.double()).float())
    assert not torch.allclose(product(mixed), sums(own, WEIGHTS), rtol=0.1)


def test_ffa_is_exact() -> None:
    own = trained(MERGES["ffa"], EQUAL)
    mixed = mix(MERGES["ffa"](LAYOUT), own, WEIGHTS)
    assert torch.equal(mixed[:, LAYOUT.parts["A"]], own.values[:, LAYOUT.parts["A"]])
    for number in range(2):
        torch.testing.assert_close(product(mixed, number), sums(own, WEIGHTS, number), rtol=1e-5, atol=1e-7)


def test_ffa_with_unequal_ranks_is_exact_component_by_component() -> None:
    own = trained(MERGES["ffa"], UNEQUAL)
    mixed = mix(MERGES["ffa"](LAYOUT), own, ALL)
    (site, _), owners = LAYOUT.sites, own.a[:, :5].double()
    a, b = LAYOUT.factors(own.values.double(), site)
    products = torch.einsum("jko,jkn->jkon", b, a)
    means = torch.einsum("jk,jkon->kon", owners / owners.sum(0), products)
    torch.testing.assert_close(product(mixed), torch.einsum("ik,kon->ion", owners, means), rtol=1e-5, atol=1e-7)


def test_ffa_with_a_power_mean_is_one_of_b() -> None:
    own = trained(MERGES["ffa"], EQUAL)
    mixed = mix(MERGES["ffa"](LAYOUT), own, ALL, Power(3.0))
    columns = LAYOUT.parts["B"]
    wanted = (own.values[:, columns].double() ** 3).mean(0)
    torch.testing.assert_close(mixed[0, columns].double() ** 3, wanted.masked_fill(mixed[0, columns] == 0, 0.0))


def test_zero_padding_counts_what_is_missing_as_zero() -> None:
    own = trained(MERGES["zero_padding"], UNEQUAL)
    for p in (1.0, 3.0):
        mixed = mix(MERGES["zero_padding"](LAYOUT), own, ALL, Power(p))
        # The last of layer 0's components is there on 2 of 6 devices, alike on both.
        b = LAYOUT.factors(own.values, LAYOUT.sites[0])[1]
        b[4] = b[1]
        alike = mix(MERGES["zero_padding"](LAYOUT), own, ALL, Power(p))
        kept = LAYOUT.factors(alike, LAYOUT.sites[0])[1][1, 4] / b[1, 4]
        torch.testing.assert_close(kept, torch.full((10,), (2 / 6) ** (1 / p)))
        assert mixed.isfinite().all()


def test_rbla_is_a_mean_over_owners() -> None:
    own = trained(MERGES["rbla"], UNEQUAL)
    mixed = mix(MERGES["rbla"](LAYOUT), own, WEIGHTS)
    has = LAYOUT.columns(own.a, own.b).double()
    wanted = (WEIGHTS @ own.values.double()) / (WEIGHTS @ has)
    torch.testing.assert_close(mixed, torch.where(has.bool(), wanted, 0.0).float())


def test_rbla_with_equal_ranks_is_fedit() -> None:
    own = trained(MERGES["rbla"], EQUAL)
    torch.testing.assert_close(mix(MERGES["rbla"](LAYOUT), own, WEIGHTS), mix(MERGES["fedit"](LAYOUT), own, WEIGHTS))


def test_replication_fills_in_the_mean_of_neighbours_that_have_it() -> None:
    own = trained(MERGES["replication"], UNEQUAL)
    mixed = mix(MERGES["replication"](LAYOUT), own, WEIGHTS)
    has = LAYOUT.columns(own.a, own.b)
    values = own.values.double()
    for device in range(DEVICES):
        heard = WEIGHTS[device] > 0
        for column in has[device].nonzero()[::17, 0].tolist():
            fill = values[heard & has[:, column], column].mean()
            full = torch.where(has[:, column], values[:, column], fill)
            torch.testing.assert_close(mixed[device, column].double(), WEIGHTS[device] @ full, rtol=1e-5, atol=1e-7)


def test_replication_with_equal_weights_is_rbla() -> None:
    own = trained(MERGES["rbla"], UNEQUAL)
    for p in (1.0, 5.0):
        mixed, other = (mix(MERGES[name](LAYOUT), own, ALL, Power(p)) for name in ("replication", "rbla"))
        torch.testing.assert_close(mixed, other, rtol=1e-4, atol=1e-6)
    mixed, other = (mix(MERGES[name](LAYOUT), own, WEIGHTS) for name in ("replication", "rbla"))
    assert not torch.allclose(mixed, other, atol=1e-3)


def test_hetlora_weighs_by_the_norm_of_products() -> None:
    own = trained(MERGES["hetlora"], UNEQUAL)
    mixed = mix(MERGES["hetlora"](LAYOUT), own, WEIGHTS)
    norms = sum(product(own.values, number).norm(dim=(1, 2)) ** 2 for number in range(2)) ** 0.5
    weights = WEIGHTS * norms
    weights /= weights.sum(1, keepdim=True)
    has = LAYOUT.columns(own.a, own.b)
    wanted = (weights @ own.values.double()).masked_fill(~has, 0.0).float()
    torch.testing.assert_close(mixed[:, : LAYOUT.head.start], wanted[:, : LAYOUT.head.start])
    heads = (WEIGHTS @ own.values.double()).float()
    torch.testing.assert_close(mixed[:, LAYOUT.head], heads[:, LAYOUT.head])


def test_hetlora_can_weigh_by_norms_alone() -> None:
    """Whoever is heard counts by its norm, whatever the mixing weights are; all alike as long as there is none."""
    own, merge = trained(MERGES["hetlora_norms"], UNEQUAL), MERGES["hetlora_norms"](LAYOUT)
    norms = sum(product(own.values, number).square().sum((1, 2)) for number in range(2)).sqrt()
    shares = (WEIGHTS > 0) * norms
    shares /= shares.sum(1, keepdim=True)
    wanted = own.values.double().masked_fill(~LAYOUT.columns(own.a, own.b), 0.0)
    wanted = (shares @ wanted).masked_fill(~LAYOUT.columns(own.a, own.b), 0.0)
    alone = WEIGHTS.diagonal() == 1
    mixed = mix(merge, own, WEIGHTS).double()
    torch.testing.assert_close(
        mixed[~alone, : LAYOUT.head.start], wanted[~alone, : LAYOUT.head.start], rtol=1e-5, atol=1e-7
    )
    own.values[:, LAYOUT.parts["B"]] = 0
    a = LAYOUT.factors(mix(merge, own, ALL), LAYOUT.sites[0])[0][1, 0]
    torch.testing.assert_close(a, LAYOUT.factors(own.values, LAYOUT.sites[0])[0][:, 0].sum(0) / DEVICES)


def test_hetlora_before_training_is_zero_padding() -> None:
    own = trained(MERGES["hetlora"], UNEQUAL)
    own.values[:, LAYOUT.parts["B"]] = 0
    mixed, other = (mix(MERGES[name](LAYOUT), own, WEIGHTS) for name in ("hetlora", "zero_padding"))
    assert torch.equal(mixed, other)


def test_fedit_takes_messages_that_carry_one_factor() -> None:
    """As with LoRA-A2: what is not sent stays, what is sent by some is mixed without moving their mean."""
    own, merge = trained(MERGES["fedit"], EQUAL), MERGES["fedit"](LAYOUT)
    sent = message(MERGES["fedit"], own)
    some = torch.rand(DEVICES, LAYOUT.components, generator=torch.Generator().manual_seed(4)) < 0.5
    part = Adapters(own.values, torch.zeros_like(sent.a), sent.b & some).masked(LAYOUT)
    mixed, _ = merge.mix(own, part, WEIGHTS, LINEAR, {})
    assert torch.equal(mixed[:, LAYOUT.parts["A"]], own.values[:, LAYOUT.parts["A"]])
    site = LAYOUT.sites[0]
    b, new = (LAYOUT.factors(values.double(), site)[1] for values in (own.values, mixed))
    for component in range(3):
        given = WEIGHTS * (sent.b & some)[:, component]
        given.fill_diagonal_(0)
        moved = given @ b[:, component] - given.sum(1, keepdim=True) * b[:, component]
        torch.testing.assert_close(new[:, component] - b[:, component], moved, rtol=1e-4, atol=1e-6)


def test_layers_of_the_same_shape_are_not_taken_for_each_other() -> None:
    """A layer's side that equals the rank has misled others' code."""
    layout = Layout([Target("0", "linear", (4, 4)), Target("1", "linear", (4, 4))], 4)
    ranks = torch.tensor([[4, 2], [2, 4], [4, 4]])
    own = trained(MERGES["rbla"], ranks, layout=layout)
    weights = torch.full((3, 3), 1 / 3).double()
    mixed = mix(MERGES["rbla"](layout), own, weights)
    a, _ = layout.factors(own.values, layout.sites[1])
    torch.testing.assert_close(layout.factors(mixed, layout.sites[1])[0][1, 3], (a[1, 3] + a[2, 3]) / 2)
