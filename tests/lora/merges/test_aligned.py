"""Alignment: rotations of factors, which leave products as they are, are to change nothing."""

import pytest
import torch
from scipy.linalg import orthogonal_procrustes

from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Target
from testbed.lora.means import Power
from testbed.lora.products import balanced
from tests.lora.merges.made import LINEAR, MERGES, mix, product, some_weights, trained

LAYOUT = Layout([Target("0", "linear", (24, 32))], 6)
RANKS = torch.tensor([[3], [6], [4], [6], [5], [2]])
WEIGHTS = some_weights()
ALIGNED = MERGES["aligned"](LAYOUT)


def changed(own: Adapters, seed: int, rotation: bool) -> Adapters:
    """Other factors of the same products: B G, G^-1 A."""
    draw = torch.Generator().manual_seed(seed)
    values = own.values.clone()
    a, b = LAYOUT.factors(values, LAYOUT.sites[0])
    for device, (rank,) in enumerate(RANKS.tolist()):
        g = torch.randn(rank, rank, generator=draw).double()
        g = torch.linalg.qr(g)[0] if rotation else g
        a[device, :rank] = torch.linalg.solve(g, a[device, :rank].double()).float()
        b[device, :rank] = (g.T @ b[device, :rank].double()).float()
    return Adapters(values, own.a, own.b)


@pytest.mark.parametrize("p", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("rotation", [True, False])
def test_the_result_depends_on_products_alone(p: float, rotation: bool) -> None:
    own = trained(MERGES["aligned"], RANKS, layout=LAYOUT)
    other = changed(own, 1, rotation)
    torch.testing.assert_close(
        product(other.values, layout=LAYOUT), product(own.values, layout=LAYOUT), rtol=1e-3, atol=1e-4
    )
    here, others = WEIGHTS.diagonal() != 1, [mix(ALIGNED, each, WEIGHTS, Power(p)) for each in (own, other)]
    torch.testing.assert_close(others[0][here], others[1][here], rtol=1e-2, atol=2e-4)
    for name in ("zero_padding", "rbla"):
        mixed = [product(mix(MERGES[name](LAYOUT), each, WEIGHTS, Power(p)), layout=LAYOUT) for each in (own, other)]
        assert (mixed[0] - mixed[1]).norm() > 0.1 * mixed[0].norm()


def test_rotated_copies_are_recognised() -> None:
    """Devices that differ in nothing but rotations keep their products; without alignment they lose most of them."""
    ranks = torch.full((6, 1), 6)
    own = trained(MERGES["aligned"], ranks, layout=LAYOUT)
    values = own.values[:1].repeat(6, 1)
    q = torch.linalg.qr(torch.randn(6, 6, 6, generator=torch.Generator().manual_seed(3)))[0]
    a, b = LAYOUT.factors(values, LAYOUT.sites[0])
    a.copy_(q @ a)
    b.copy_(q @ b)
    own, before = Adapters(values, own.a, own.b), product(values, layout=LAYOUT)
    for p in (1.0, 3.0):
        after = product(mix(ALIGNED, own, WEIGHTS, Power(p)), layout=LAYOUT)
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)
    after = product(mix(MERGES["rbla"](LAYOUT), own, WEIGHTS), layout=LAYOUT)
    assert (after - before).norm() > 0.3 * before.norm()


def test_turns_are_those_of_scipy() -> None:
    ranks = torch.full((2, 1), 6)
    own = trained(MERGES["aligned"], ranks, layout=LAYOUT)
    mixed = mix(ALIGNED, own, torch.tensor([[0.7, 0.3], [0.0, 1.0]]).double())
    factors = [balanced(*LAYOUT.factors(own.values[row : row + 1], LAYOUT.sites[0]), 6) for row in range(2)]
    mine, theirs = (torch.cat([a[0], b[0]], 1).double().numpy() for a, b in factors)
    turn, _ = orthogonal_procrustes(theirs.T, mine.T)
    wanted = 0.7 * mine + 0.3 * turn.T @ theirs
    a, b = LAYOUT.factors(mixed[:1], LAYOUT.sites[0])
    torch.testing.assert_close(torch.cat([a[0], b[0]], 1).double(), torch.from_numpy(wanted), rtol=1e-3, atol=1e-5)


def test_alignment_is_nearer_to_the_mean_of_products() -> None:
    """Devices that trained on from one adapter, and rotated on the way."""
    ranks = torch.full((6, 1), 6)
    base = trained(MERGES["aligned"], ranks, layout=LAYOUT)
    noise = torch.randn(6, LAYOUT.size, generator=torch.Generator().manual_seed(5))
    values = base.values[:1] + 0.02 * noise
    q = torch.linalg.qr(torch.randn(6, 6, 6, generator=torch.Generator().manual_seed(3)))[0]
    a, b = LAYOUT.factors(values, LAYOUT.sites[0])
    a.copy_(q @ a)
    b.copy_(q @ b)
    own = Adapters(values, base.a, base.b)
    exact = product(mix(MERGES["products"](LAYOUT), own, WEIGHTS), layout=LAYOUT)
    away = {
        name: (product(mix(MERGES[name](LAYOUT), own, WEIGHTS, LINEAR), layout=LAYOUT) - exact)[:-1].norm()
        / exact[:-1].norm()
        for name in ("aligned", "rbla")
    }
    assert away["aligned"] < 0.05
    assert away["rbla"] > 0.3
