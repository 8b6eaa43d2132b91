"""What every file in `testbed/lora/merges` is held to."""

from collections.abc import Mapping

import pytest
import torch

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Target
from testbed.lora.means import Power
from testbed.lora.merge import Merge
from testbed.lora.resize import energy_above
from tests.lora.merges.made import (
    DEVICES,
    LAYOUT,
    LINEAR,
    MERGES,
    message,
    mix,
    product,
    ranks_for,
    some_weights,
    trained,
)

every = pytest.mark.parametrize("kind", MERGES.values(), ids=MERGES)
COLLAPSES = {
    "zero_padding": True,
    "hetlora": True,
    "hetlora_norms": True,
    "flexlora": True,
    "flora": True,
    "products": True,
    "products_feedback": True,
    "ffa": False,
    "rbla": False,
    "replication": False,
    "rank_weighted": False,
    "completed": False,
    "aligned": False,
}
"""Whether energy above a small rank is lost where devices of that rank mix with others. A new merge says it here."""


def means(kind: type[Merge]) -> list[Power]:
    return [Power(1.0), Power(3.0), Power(2.5)] if kind.power_means else [Power(1.0)]


def test_titles_differ() -> None:
    assert len({kind.title for kind in MERGES.values()}) == len(MERGES)


@every
def test_a_device_with_all_weight_on_itself_keeps_its_values_bit_for_bit(kind: type[Merge]) -> None:
    own = trained(kind, ranks_for(kind))
    for mean in means(kind):
        assert torch.equal(mix(kind(LAYOUT), own, torch.eye(DEVICES).double(), mean), own.values)
        mixed = mix(kind(LAYOUT), own, some_weights(), mean)
        assert torch.equal(mixed[-1], own.values[-1])
        assert not torch.equal(mixed[0], own.values[0])


@every
def test_devices_keep_to_the_components_that_they_have(kind: type[Merge]) -> None:
    own = trained(kind, ranks_for(kind))
    for mean in means(kind):
        mixed = mix(kind(LAYOUT), own, some_weights(), mean)
        assert mixed.isfinite().all()
        assert not mixed[~LAYOUT.columns(own.a, own.b)].any()
        assert mixed[LAYOUT.columns(own.a, own.b)].all()


@every
def test_before_training_nothing_is_nan_and_a_stays_alive(kind: type[Merge]) -> None:
    own = trained(kind, ranks_for(kind))
    own.values[:, LAYOUT.parts["B"]] = 0
    for mean in means(kind):
        mixed = mix(kind(LAYOUT), own, some_weights(), mean)
        assert mixed.isfinite().all()
        assert not mixed[:, LAYOUT.parts["B"]].any()
        for site in LAYOUT.sites:
            a, _ = LAYOUT.factors(mixed, site)
            assert torch.equal(a.any(-1), own.a[:, site.components])


@every
def test_what_a_merge_makes_knows_no_order_of_devices(kind: type[Merge]) -> None:
    own, weights = trained(kind, ranks_for(kind)), some_weights()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    shuffled = Adapters(own.values[order], own.a[order], own.b[order])
    for mean in means(kind):
        mixed = mix(kind(LAYOUT), own, weights, mean)
        again = mix(kind(LAYOUT), shuffled, weights[order][:, order], mean)
        torch.testing.assert_close(again, mixed[order], rtol=1e-4, atol=1e-6)


@every
def test_some_devices_are_mixed_as_they_are_among_all(kind: type[Merge]) -> None:
    own, weights = trained(kind, ranks_for(kind)), some_weights()
    merge, some = kind(LAYOUT), Adapters(own.values[:2], own.a[:2], own.b[:2])
    mixed, state = merge.mix(some, message(kind, own), weights[:2], LINEAR, merge.start(2))
    torch.testing.assert_close(mixed, mix(merge, own, weights)[:2], rtol=1e-4, atol=1e-6)
    assert all(len(kept) == 2 for kept in state.values())


@every
def test_a_power_of_1_is_linear_bit_for_bit(kind: type[Merge]) -> None:
    own, weights, merge = trained(kind, ranks_for(kind)), some_weights(), kind(LAYOUT)
    linear, state = merge.mix(own, message(kind, own), weights, LINEAR, merge.start(DEVICES))
    by_part: Mapping[str, float] = dict.fromkeys(("A", "B", "head", "product"), 1.0)
    for mean in (Power(1.0), Power(by_part)):  # type: ignore[arg-type]
        mixed, other = merge.mix(own, message(kind, own), weights, mean, merge.start(DEVICES))
        assert torch.equal(mixed, linear)
        assert all(torch.equal(other[name], state[name]) for name in state)
    if kind.power_means:
        assert not torch.allclose(mix(merge, own, weights, Power(3.0)), linear, atol=1e-4)


@every
def test_equal_adapters_stay(kind: type[Merge]) -> None:
    ranks = ranks_for(kind)[:1].expand(DEVICES, -1)
    own = trained(kind, ranks)
    own = Adapters(own.values[:1].expand(DEVICES, -1).contiguous(), own.a, own.b)
    for mean in means(kind):
        mixed = mix(kind(LAYOUT), own, some_weights(), mean)
        for number in range(len(LAYOUT.sites)):
            torch.testing.assert_close(product(mixed, number), product(own.values, number), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(mixed[:, LAYOUT.head], own.values[:, LAYOUT.head])


@every
def test_arguments_stay_as_they_are(kind: type[Merge]) -> None:
    own, weights = trained(kind, ranks_for(kind)), some_weights()
    sent, merge = message(kind, own), kind(LAYOUT)
    state = merge.start(DEVICES)
    before = [own.values.clone(), sent.values.clone(), weights.clone(), *(kept.clone() for kept in state.values())]
    merge.mix(own, sent, weights, LINEAR, state)
    assert all(map(torch.equal, before, [own.values, sent.values, weights, *state.values()]))


@every
def test_a_device_that_ran_away_spoils_only_those_that_hear_it(kind: type[Merge]) -> None:
    own, weights = trained(kind, ranks_for(kind)), some_weights()
    own.values[1] = torch.where(LAYOUT.columns(own.a, own.b)[1], torch.inf, 0.0)
    mixed = mix(kind(LAYOUT), own, weights)
    for receiver in range(DEVICES):
        assert weights[receiver, 1] != 0 or mixed[receiver].isfinite().all()


@pytest.mark.parametrize("kind", [kind for name, kind in MERGES.items() if name != "hetlora_norms"])
def test_what_is_rounded_on_the_air_is_not_rounded_at_home(kind: type[Merge]) -> None:
    """Told from a neighbour that hardly counts; by norms alone whoever is heard counts."""
    own = trained(kind, ranks_for(kind))
    sent = message(kind, own)
    rounded = Adapters(sent.values.half().float(), sent.a, sent.b)
    weights = torch.eye(DEVICES).double() * (1 - 1e-9)
    weights[:, 1] += 1e-9
    merge = kind(LAYOUT)
    mixed, _ = merge.mix(own, rounded, weights, LINEAR, merge.start(DEVICES))
    for number in range(len(LAYOUT.sites)):
        torch.testing.assert_close(product(mixed, number)[4:5], product(own.values, number)[4:5], rtol=1e-5, atol=1e-6)


@every
def test_what_is_not_sent_is_not_mixed(kind: type[Merge]) -> None:
    own, weights, merge = trained(kind, ranks_for(kind)), some_weights(), kind(LAYOUT)
    sent = message(kind, own)
    some = torch.arange(LAYOUT.components) != 1
    part = Adapters(own.values, sent.a & some, sent.b & some).masked(LAYOUT)
    if kind.whole_adapters:
        with pytest.raises(ValueError, match=r"cannot mix messages that carry a part"):
            merge.mix(own, part, weights, LINEAR, merge.start(DEVICES))
        return
    whole = mix(merge, own, weights)
    mixed, _ = merge.mix(own, part, weights, LINEAR, merge.start(DEVICES))
    of_it = LAYOUT.columns(~some, ~some)
    of_it[LAYOUT.head] = False
    assert torch.equal(mixed[:, of_it], own.values[:, of_it])
    torch.testing.assert_close(mixed[:, ~of_it], whole[:, ~of_it])


@pytest.mark.parametrize("name", [name for name, kind in MERGES.items() if kind.unequal])
def test_ranks_collapse_or_not(name: str) -> None:
    """7 devices of rank 2 and 3 of rank 8 that begin as one adapter, cut to their ranks, and all hear each other."""
    layout = Layout([Target("0", "linear", (32, 40))], 8)
    ranks = torch.tensor([[2]] * 7 + [[8]] * 3)
    draw = torch.Generator().manual_seed(1)
    bases = [torch.linalg.qr(torch.randn(side, 8, generator=draw))[0].T for side in (40, 32)]
    root = torch.linspace(2, 1, 8).sqrt()[:, None]
    start = torch.cat([(root * base).flatten() for base in bases])
    live = layout.nested(ranks)
    merge = MERGES[name](layout)
    values = Adapters(start.repeat(10, 1), live, live).masked(layout).values
    weights = torch.full((10, 10), 0.1).double()
    energy = [energy_above(layout, values, 2)[-1].item()]
    for _ in range(12):
        values = mix(merge, Adapters(values, live, live), weights)
        energy.append(energy_above(layout, values, 2)[-1].item())
    s = torch.linspace(2, 1, 8).double()
    assert energy[0] == pytest.approx((s[2:] ** 2).sum().item() / (s**2).sum().item(), rel=1e-5)
    if COLLAPSES[name]:
        assert energy[1] < 0.4 * energy[0]
        assert energy[3] < 0.05 * energy[0]
    else:
        assert energy[12] == pytest.approx(energy[0], rel=1e-4)
