import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from testbed.aggregation import metropolis, power_mean, power_mean_and_slope
from testbed.aggregation.exact import exact

SEEDS = st.integers(0, 2**32)
CHECK = torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64)
CHECK_WEIGHTS = torch.tensor([[0.5, 0.25, 0.25]] * 3, dtype=torch.float64)


def mixture(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Models of one sign per column, so that nothing cancels, weights, and updates."""
    random = torch.Generator().manual_seed(seed)
    models = (torch.rand(6, 9, generator=random, dtype=torch.float64) + 0.01) * torch.tensor([1, -1, 2e3] * 3)
    links = torch.rand(6, 6, generator=random) < 0.5
    updates = -0.1 * models * torch.rand(6, 9, generator=random, dtype=torch.float64)
    return models, metropolis(links, links | links.T), updates


@pytest.mark.parametrize("scale", [1, 1e-3, 1e30])
def test_check_value(scale: float) -> None:
    mean, slope = power_mean_and_slope(CHECK * scale, CHECK_WEIGHTS, 3)
    assert torch.equal(mean, power_mean(CHECK * scale, CHECK_WEIGHTS, 3))
    assert slope.flatten().tolist() == pytest.approx([0.345113107 * scale] * 3, rel=1e-8)


@given(SEEDS, st.floats(1.01, 20), st.booleans())
@settings(max_examples=30)
def test_agrees_with_finite_differences(seed: int, p: float, inside: bool) -> None:
    models, weights, updates = mixture(seed)
    step, h = updates if inside else None, 1e-5
    _, slope = power_mean_and_slope(models, weights, p, step)
    ahead, behind = (power_mean(models, weights, p + side * h, step) for side in (1, -1))
    scale = models.abs().amax(0)
    torch.testing.assert_close(slope / scale, (ahead - behind) / (2 * h) / scale, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("inside", [False, True])
def test_agrees_with_autograd(inside: bool) -> None:
    models, weights, updates = mixture(3)
    p = torch.tensor([[1.0], [3], [2.5], [9], [15], [3]], dtype=torch.float64, requires_grad=True)
    powers = models.sign() * models.abs() ** p[:, :, None]
    total = (weights[:, :, None] * powers).sum(1) - (updates if inside else 0)
    mean = total.sign() * total.abs() ** (1 / p)
    gradient = torch.randn(6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (expected,) = torch.autograd.grad(mean, p, gradient)
    _, slope = power_mean_and_slope(models, weights, p.detach(), updates if inside else None)
    torch.testing.assert_close((gradient * slope).sum(1, keepdim=True), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("p", [1.0, 3.0, 2.5, 15.0])
def test_fast_and_slow_path_agree(p: float) -> None:
    models, weights, updates = mixture(4)
    for step in (updates, torch.zeros_like(updates)):
        _, slow = exact(models, weights, torch.tensor([[p]], dtype=torch.float64), step)
        torch.testing.assert_close(power_mean_and_slope(models, weights, p, step)[1], slow, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("p", [3.0, 2.5])
def test_nothing_is_read_from_what_cancelled_or_is_zero(p: float) -> None:
    models = torch.tensor([[1.0, 0.0, 0.0, 1e-200], [-1.0, 0.0, 2.0, 1e-200]], dtype=torch.float64)
    weights = torch.full((2, 2), 0.5, dtype=torch.float64)
    _, slope = power_mean_and_slope(models, weights, p)
    assert slope[:, [0, 1]].tolist() == [[0, 0], [0, 0]]
    assert slope[:, 2].tolist() == pytest.approx([2 * 0.5 ** (1 / p) * math.log(2) / p**2] * 2)
    assert slope[:, 3].tolist() == pytest.approx([0, 0], abs=1e-213)


def test_one_who_hears_nobody_has_a_mean_that_stays() -> None:
    models, _, _ = mixture(5)
    _, slope = power_mean_and_slope(models, torch.eye(6, dtype=torch.float64), 3.7)
    torch.testing.assert_close(slope / models.abs(), torch.zeros_like(models), rtol=0, atol=1e-14)
