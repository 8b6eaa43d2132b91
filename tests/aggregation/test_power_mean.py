import math

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pmean
from torch import Tensor

from testbed.aggregation import linear, metropolis, power_mean
from testbed.aggregation.exact import exact, spow

P = st.one_of(st.sampled_from([1.0, 3.0, 5.0, 9.0, 15.0, 51.0]), st.floats(1, 51))
SEEDS = st.integers(0, 2**32)
CHECK = torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64)
CHECK_WEIGHTS = torch.tensor([[0.5, 0.25, 0.25]] * 3, dtype=torch.float64)


def mixture(
    seed: int, devices: int = 7, parameters: int = 23, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """Models of mixed sign and size with some zeros, and Metropolis weights of a random graph."""
    random = torch.Generator().manual_seed(seed)
    models = torch.randn(devices, parameters, generator=random, dtype=dtype)
    models *= 10 ** (2 * torch.randn(parameters, generator=random, dtype=dtype))
    models[torch.rand(models.shape, generator=random) < 0.1] = 0
    links = torch.rand(devices, devices, generator=random) < 0.5
    return models, metropolis(links, links | links.T)


def largest(models: Tensor, weights: Tensor) -> Tensor:
    """M (devices, parameters): the largest magnitude that each device received."""
    return torch.stack([models[row > 0].abs().amax(0) for row in weights])


@pytest.mark.parametrize(
    ("p", "expected"),
    [(1, 0.75), (3, 1.738013322443225), (9, 2.564241342351601), (2.5, 1.5483014538944488)],
)
@pytest.mark.parametrize("scale", [1, 1e-3, -1, 1e30, 1e-30, 1e300, 1e-300])
def test_check_values(p: float, expected: float, scale: float) -> None:
    mean = power_mean(CHECK * scale, CHECK_WEIGHTS, p)
    assert mean.flatten().tolist() == pytest.approx([expected * scale] * 3, rel=1e-14)


@given(SEEDS, st.floats(1, 60))
@settings(max_examples=40)
def test_positive_models_agree_with_scipy(seed: int, p: float) -> None:
    models, weights = mixture(seed)
    models = models.abs().clamp(1e-3, 1e3)
    expected = torch.stack(
        [torch.from_numpy(pmean(models.T.numpy(), p, axis=1, weights=row.numpy())) for row in weights]
    )
    torch.testing.assert_close(power_mean(models, weights, p), expected, rtol=1e-12, atol=0)


@given(SEEDS, P)
@settings(max_examples=40)
def test_fast_and_slow_path_agree(seed: int, p: float) -> None:
    models, weights = mixture(seed)
    zeros = torch.zeros_like(models)
    slow, _ = exact(models, weights, torch.tensor([[p]], dtype=torch.float64), zeros)
    scale = largest(models, weights).clamp(min=1e-300)
    fast = power_mean(models, weights, p)
    # Compared in mirror space: near S = 0 the root itself is ill-conditioned.
    torch.testing.assert_close(spow(fast / scale, p), spow(slow / scale, p), rtol=0, atol=1e-12)


def true_mean(models: Tensor, row: list[float], p: float, update: float = 0.0) -> list[float]:
    """spow(sum_j a_j spow(w_j, p) - update, 1/p) of every column, in sixty digits."""
    with mpmath.workdps(60):
        power = mpmath.mpf(p)
        means = []
        for column in models.T.tolist():
            terms = [
                mpmath.mpf(a) * mpmath.sign(w) * abs(mpmath.mpf(w)) ** power for a, w in zip(row, column, strict=True)
            ]
            total = mpmath.fsum(terms) - update
            means.append(float(mpmath.sign(total) * abs(total) ** (1 / power)))
        return means


# p = 1 is the plain linear product in the models' own type, with the rounding of its sum.
@given(st.floats(1, 51, exclude_min=True), SEEDS)
@settings(max_examples=20)
def test_float32_is_the_rounding_of_the_true_value(p: float, seed: int) -> None:
    models, weights = mixture(seed, 3, 4, torch.float32)
    mean = power_mean(models, weights, p)
    for got, row in zip(mean.tolist(), weights.tolist(), strict=True):
        assert got == pytest.approx(true_mean(models, row, p), rel=6.1e-8, abs=0)


@given(SEEDS, P)
@settings(max_examples=30)
def test_equal_models_stay(seed: int, p: float) -> None:
    models, weights = mixture(seed)
    equal = models[:1].expand(models.shape)
    torch.testing.assert_close(power_mean(equal, weights, p), equal, rtol=1e-13, atol=0)


@given(SEEDS, P, st.integers(-300, 300))
@settings(max_examples=30)
def test_scaling_by_a_power_of_two_scales_exactly(seed: int, p: float, exponent: int) -> None:
    models, weights = mixture(seed)
    scaled = power_mean(models * 2.0**exponent, weights, p)
    assert torch.equal(scaled, power_mean(models, weights, p) * 2.0**exponent)


@given(SEEDS, P)
@settings(max_examples=30)
def test_odd_and_blind_to_names(seed: int, p: float) -> None:
    models, weights = mixture(seed)
    mean = power_mean(models, weights, p)
    assert torch.equal(power_mean(-models, weights, p), -mean)
    order = torch.randperm(len(models), generator=torch.Generator().manual_seed(seed))
    permuted = power_mean(models[order], weights[order][:, order], p)
    spread = largest(models, weights)[order]
    assert ((permuted - mean[order]).abs() <= 1e-6 * spread).all()


@given(SEEDS, P)
@settings(max_examples=30)
def test_between_the_smallest_and_the_largest_received(seed: int, p: float) -> None:
    models, weights = mixture(seed)
    mean, slack = power_mean(models, weights, p), 1e-13 * largest(models, weights)
    low = torch.stack([models[row > 0].amin(0) for row in weights])
    high = torch.stack([models[row > 0].amax(0) for row in weights])
    assert (mean >= low - slack).all()
    assert (mean <= high + slack).all()


@given(SEEDS)
@settings(max_examples=20)
def test_a_large_p_takes_the_largest_magnitude(seed: int) -> None:
    models, weights = mixture(seed)
    mean = power_mean(models, weights, 1e6)
    torch.testing.assert_close(mean.abs(), largest(models, weights), rtol=1e-4, atol=0)


@given(SEEDS, st.floats(1, 40), st.floats(0, 11))
@settings(max_examples=30)
def test_the_mean_of_magnitudes_rises_with_p(seed: int, p: float, more: float) -> None:
    models, weights = mixture(seed)
    models = models.abs()
    slack = 1e-13 * largest(models, weights)
    assert (power_mean(models, weights, p + more) >= power_mean(models, weights, p) - slack).all()


@given(SEEDS, st.sampled_from([1, 3, 5, 9, 15]))
@settings(max_examples=30)
def test_bounds_of_theorem_8_4(seed: int, p: int) -> None:
    models, weights = mixture(seed)
    mean, average, share = power_mean(models, weights, p), weights @ models, 1 / (2 * p)
    slack = 1e-12 * largest(models, weights)
    low = torch.stack([models[row > 0].amin(0) for row in weights])
    high = torch.stack([models[row > 0].amax(0) for row in weights])
    assert (mean >= share * average + (1 - share) * low - slack).all()
    assert (mean <= share * average + (1 - share) * high + slack).all()


@given(SEEDS, P)
@settings(max_examples=30)
def test_mixing_preserves_the_mean_in_mirror_space(seed: int, p: float) -> None:
    models, _ = mixture(seed)
    models /= models.abs().amax(0).clamp(min=1e-9)
    links = torch.rand(7, 7, generator=torch.Generator().manual_seed(seed)) < 0.5
    links |= links.T.clone()
    after = spow(power_mean(models, metropolis(links, links), p), p).mean(0)
    torch.testing.assert_close(after, spow(models, p).mean(0), rtol=0, atol=1e-12)


def test_p_1_is_the_linear_mean_bit_for_bit() -> None:
    models, weights = mixture(1, 20, 4000, torch.float32)
    updates = torch.randn_like(models)
    assert torch.equal(power_mean(models, weights, 1), weights.float() @ models)
    assert torch.equal(power_mean(models, weights, 1, updates), weights.float() @ models - updates)
    some = torch.where(torch.arange(20) % 2 == 0, 1.0, 3.0)
    assert torch.equal(power_mean(models, weights, some)[::2], linear(models, weights)[::2])
    some = torch.where(torch.arange(4000) % 2 == 0, 1.0, 2.5)
    assert torch.equal(power_mean(models, weights, some)[:, ::2], linear(models, weights)[:, ::2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_own_powers_are_each_devices_own(dtype: torch.dtype) -> None:
    models, weights = mixture(2, 12, 5000, dtype)
    for p in (torch.tensor([1.0, 3, 3, 15, 7, 3, 1, 2.5, 2.5, 4, 50.5, 9]), torch.linspace(1, 15, 12)):
        own = power_mean(models, weights, p)
        alone = torch.stack([power_mean(models, weights, float(value))[i] for i, value in enumerate(p)])
        torch.testing.assert_close(own, alone, rtol=1e-6 if dtype == torch.float32 else 1e-9, atol=0)


def test_a_power_per_parameter_and_for_each_entry() -> None:
    models, weights = mixture(3, 5, 40)
    p = torch.linspace(1, 15, 40)
    columns = [power_mean(models[:, c : c + 1], weights, float(p[c])) for c in range(40)]
    torch.testing.assert_close(power_mean(models, weights, p), torch.cat(columns, 1), rtol=1e-11, atol=0)
    torch.testing.assert_close(power_mean(models, weights, p[None]), torch.cat(columns, 1), rtol=1e-11, atol=0)
    full = power_mean(models, weights, p.expand(5, 40))
    torch.testing.assert_close(full, torch.cat(columns, 1), rtol=1e-11, atol=0)


@pytest.mark.parametrize("p", [2.5, 3, 15, 51, 1000])
@pytest.mark.parametrize("tiny", [1e-300, 1e-30, 1e-3])
def test_tiny_beside_huge(p: float, tiny: float) -> None:
    """Two islands whose values are worlds apart, and a coordinate that is tiny beside the others."""
    models = torch.tensor([[1e30, 1.0], [2e30, 1e30], [tiny, tiny], [2 * tiny, -tiny]], dtype=torch.float64)
    links = torch.block_diag(torch.ones(2, 2), torch.ones(2, 2)) > 0
    mean = power_mean(models, metropolis(links, links), p)
    one_to_two = power_mean(
        torch.tensor([[1.0], [2.0]], dtype=torch.float64), metropolis(links[:2, :2], links[:2, :2]), p
    )
    assert mean[0, 0].item() == pytest.approx(1e30 * one_to_two[0].item(), rel=1e-12)
    assert mean[2, 0].item() == pytest.approx(tiny * one_to_two[0].item(), rel=1e-12)
    assert mean[2, 1].item() == pytest.approx(0, abs=1e-15 * tiny)


def test_columns_of_zeros_are_not_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the slow path was taken")

    monkeypatch.setattr("testbed.aggregation.columns.exact", never)
    models, weights = mixture(10)
    models = torch.where(models == 0, 1.0, models)
    models[:, ::2] = 0
    assert (power_mean(models, weights, 3)[:, ::2] == 0).all()
    assert (power_mean(models, weights, 2.5, models * 0)[:, ::2] == 0).all()


def test_zeros_give_zero_and_subnormals_survive() -> None:
    models = torch.zeros(4, 3, dtype=torch.float64)
    weights = torch.full((4, 4), 0.25, dtype=torch.float64)
    assert (power_mean(models, weights, 15) == 0).all()
    assert power_mean(models + 5e-324, weights, 3)[0, 0] == 5e-324


@pytest.mark.parametrize("p", [1, 3, 2.5])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_broken_model_spoils_only_those_who_heard_it(p: float, bad: float) -> None:
    models, _ = mixture(4, 4, 9)
    broken = models.clone()
    broken[3, 2] = bad
    links = torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]) > 0
    weights = metropolis(links, links)
    mean = power_mean(broken, weights, p)
    torch.testing.assert_close(mean[:2], power_mean(models, weights, p)[:2], rtol=1e-12, atol=0)
    assert not mean[2:, 2].isfinite().any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", [1, 3, 2.5, 51])
def test_who_hears_nobody_keeps_its_model(p: float, dtype: torch.dtype) -> None:
    models, _ = mixture(5, 4, 9, dtype)
    links = torch.tensor([[0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]) > 0
    mean = power_mean(models, metropolis(links, links), p)
    assert torch.equal(mean[[1, 3]], models[[1, 3]])
    kept = power_mean(models, metropolis(links, links), p, torch.zeros_like(models))
    assert torch.equal(kept[[1, 3]], models[[1, 3]])


@given(SEEDS, P, st.sampled_from([1e-3, 1.0, 1e3]))
@settings(max_examples=40)
def test_an_update_goes_off_inside_the_root(seed: int, p: float, size: float) -> None:
    models, weights = mixture(seed, 4, 5)
    updates = size * torch.randn(4, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    mean = power_mean(models, weights, p, updates)
    for i in range(4):
        for c in range(5):
            true = true_mean(models[:, c : c + 1], weights[i].tolist(), p, updates[i, c].item())
            assert mean[i, c].item() == pytest.approx(true[0], rel=1e-9, abs=0)


def test_updates_where_the_models_are_zero_or_vanish() -> None:
    models = torch.tensor([[0.0, 1e-30, 1e200], [0.0, 1e-30, 1e200]], dtype=torch.float64)
    updates = torch.tensor([[-8.0, 0.0, 1.0], [0.0, 8.0, 1.0]], dtype=torch.float64)
    weights = torch.full((2, 2), 0.5, dtype=torch.float64)
    mean = power_mean(models, weights, 51, updates)
    root = 8 ** (1 / 51)
    assert mean.tolist() == [pytest.approx([root, 1e-30, 1e200]), pytest.approx([0, -root, 1e200])]


def test_threads_change_nothing() -> None:
    models, weights = mixture(6, 10, 30000, torch.float32)
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(power_mean(models, weights, 3))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


def test_inputs_are_left_as_they_were() -> None:
    models, weights = mixture(7)
    updates = torch.ones_like(models)
    before = models.clone(), weights.clone(), updates.clone()
    power_mean(models, weights, torch.linspace(1, 9, 7), updates)
    assert all(torch.equal(old, new) for old, new in zip(before, (models, weights, updates), strict=True))


@pytest.mark.parametrize("p", [0.5, 0, -3, math.nan, math.inf, torch.tensor([1, 2, math.nan, 3, 3, 3, 3])])
def test_a_bad_p_is_refused(p: float | Tensor) -> None:
    with pytest.raises(ValueError, match="p must be finite and at least 1"):
        power_mean(*mixture(8), p)


def test_bad_shapes_are_refused() -> None:
    models, weights = mixture(9)
    square = models[:, :7]
    with pytest.raises(ValueError, match=r"say \(7, 1\) or \(1, 7\)"):
        power_mean(square, weights, torch.full((7,), 3.0))
    assert power_mean(square, weights, torch.full((7, 1), 3.0)).shape == (7, 7)
    with pytest.raises(ValueError, match="one per device"):
        power_mean(models, weights, torch.full((4,), 3.0))
    with pytest.raises(ValueError, match="weights for 7 models"):
        power_mean(models, weights[:, :3], 3)
    with pytest.raises(ValueError, match="updates must be"):
        power_mean(models, weights, 3, models[:, :3])


@pytest.mark.parametrize("p", [1, 3, 2.5, 51])
def test_fewer_devices_than_models_get_their_rows(p: float) -> None:
    models, weights = mixture(5)
    updates = 0.01 * models[:3]
    few = power_mean(models, weights[:3], p, updates)
    all_of_them = power_mean(models, weights, p, torch.cat([updates, 0 * models[3:]]))
    torch.testing.assert_close(few, all_of_them[:3], rtol=1e-6, atol=1e-12)


def test_no_parameters_and_one_device() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    assert power_mean(torch.empty(1, 0), one, 3).shape == (1, 0)
    assert power_mean(torch.tensor([[0.3, -2.0]]), one, 3).tolist() == torch.tensor([[0.3, -2.0]]).tolist()
