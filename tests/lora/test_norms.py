"""Norms of components against dense matrices, slopes against autograd."""

import torch
from torch import Tensor

from testbed.lora.norms import change, norms, product_slope, scaled
from tests.lora.cases import LAYOUT, products


def _values(seed: int, rows: int = 3) -> Tensor:
    return torch.randn(rows, LAYOUT.size, generator=torch.Generator().manual_seed(seed))


def test_a_product_of_norms_is_the_norm_of_a_component() -> None:
    values = _values(0)
    a, b = norms(LAYOUT, values)
    for component in range(LAYOUT.components):
        one = torch.arange(LAYOUT.components) == component
        alone = values * LAYOUT.columns(one, one)
        norm = torch.stack([product.norm(dim=(1, 2)) for product in products(alone)]).sum(0)
        torch.testing.assert_close((a * b)[:, component], norm.float())


def test_scaled_leaves_the_head() -> None:
    values = _values(0)
    a, b = (torch.rand(3, LAYOUT.components, generator=torch.Generator().manual_seed(each)) for each in (1, 2))
    found = scaled(LAYOUT, values, a, b)
    of, border = LAYOUT.component_of, LAYOUT.parts["A"].stop
    factor = torch.cat([a[:, of[:border]], b[:, of[border:]]], 1)
    factor[:, LAYOUT.head] = 1
    assert torch.equal(found, values * factor)


def test_change_is_that_of_the_dense_product() -> None:
    models, updates = _values(0), 0.1 * _values(1)
    before, after = products(models), products(models - updates)
    expected = torch.stack([(new - old).norm(dim=(1, 2)) for old, new in zip(before, after, strict=True)], 1)
    torch.testing.assert_close(change(LAYOUT, models, updates), expected, rtol=1e-5, atol=1e-6)
    assert not change(LAYOUT, models, torch.zeros_like(models)).any()


def test_slope_of_the_product_of_norms() -> None:
    models = _values(0).double().requires_grad_()
    groups = torch.tensor([[0, 0, -1, 0, 1, 1, -1, 2, 3, 3, 2], [-1] * 10 + [0], [-1] * 11])
    a, b = norms(LAYOUT, models)
    total: Tensor = torch.zeros(())
    for row, own in enumerate(groups):
        for group in range(4):
            inside = own == group
            if inside.any():
                total = total + a[row, inside].norm() * b[row, inside].norm()
    (expected,) = torch.autograd.grad(total, models)
    everywhere = torch.ones(3, LAYOUT.components, dtype=torch.bool)
    found = product_slope(LAYOUT, models.detach().float(), groups, everywhere, everywhere)
    torch.testing.assert_close(found, expected.float(), rtol=1e-4, atol=1e-5)
    b_alone = product_slope(LAYOUT, models.detach().float(), groups, ~everywhere, everywhere)
    assert not b_alone[:, LAYOUT.parts["A"]].any()
    torch.testing.assert_close(b_alone[:, LAYOUT.parts["B"]], found[:, LAYOUT.parts["B"]])


def test_slope_at_zero_is_zero() -> None:
    models = _values(0)
    models[:, LAYOUT.parts["B"]] = 0
    everywhere = torch.ones(3, LAYOUT.components, dtype=torch.bool)
    slope = product_slope(LAYOUT, models, torch.arange(LAYOUT.components), everywhere, everywhere)
    assert not slope.any()
