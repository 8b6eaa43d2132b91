"""CRITIC, TOPSIS and ranks, against values by hand and against numpy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from testbed.lora.decision import critic, ranks, topsis

MATRICES = st.integers(1, 6).flatmap(
    lambda columns: st.lists(
        st.lists(st.integers(0, 9), min_size=columns, max_size=columns), min_size=1, max_size=7
    ).map(lambda rows: torch.tensor(rows, dtype=torch.float64))
)


def test_critic_by_hand() -> None:
    """Scaled columns (0, 1/2, 1), (0, 1, 1/2), (1, 1/2, 0) have one sigma, and correlations 1/2, -1, -1/2."""
    x = torch.tensor([[1.0, 10, 3], [2, 30, 2], [3, 20, 1]])
    torch.testing.assert_close(critic(x), torch.tensor([2.5, 2, 3.5]).double() / 8)


def test_a_constant_column_changes_nothing() -> None:
    x = torch.tensor([[1.0, 10, 3], [2, 30, 2], [3, 20, 1]])
    wide = torch.cat([x, torch.full((3, 1), 0.1)], 1)
    assert critic(wide)[3] == 0
    torch.testing.assert_close(critic(wide)[:3], critic(x))
    torch.testing.assert_close(topsis(wide, critic(wide)), topsis(x, critic(x)))


@pytest.mark.parametrize("x", [[[1.0, 2]], [[1.0, 2], [1, 2]], [[1.0, 2], [3, 5]], [[1.0, 2], [2, 4], [7, 14]]])
def test_weights_are_equal_where_columns_say_the_same(x: list[list[float]]) -> None:
    assert critic(torch.tensor(x)).tolist() == [0.5, 0.5]


def test_columns_that_say_the_same_up_to_rounding_have_equal_weights() -> None:
    one = torch.rand(6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = torch.stack([one, one / 3, one * 0.7 + 0.11, one * 1.3 - 0.05], 1)
    assert critic(x).tolist() == [0.25] * 4


def test_topsis_by_hand() -> None:
    """Columns over their lengths are (0, h, h) and (h, 0, h): the first two have distances h w_1 and h w_2."""
    x = torch.tensor([[0.0, 4], [3, 0], [3, 4]])
    torch.testing.assert_close(topsis(x, torch.tensor([0.75, 0.25])), torch.tensor([0.25, 0.75, 1]).double())


def test_one_device_and_devices_alike_are_half_way() -> None:
    assert topsis(torch.tensor([[3.0, 4]]), torch.tensor([0.5, 0.5])).tolist() == [0.5]
    assert topsis(torch.ones(4, 3), torch.ones(3) / 3).tolist() == [0.5] * 4
    assert topsis(torch.zeros(4, 3), torch.ones(3) / 3).tolist() == [0.5] * 4


def test_of_two_devices_one_is_better_in_all() -> None:
    x = torch.tensor([[2.0, 5], [1, 3]])
    assert topsis(x, critic(x)).tolist() == [1, 0]


def _numpy(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = (x - x.min(0)) / (x.max(0) - x.min(0))
    c = z.std(0) * (1 - np.corrcoef(z.T)).sum(0)
    weights = c / c.sum()
    v = weights * x / np.sqrt((x**2).sum(0))
    best, worst = (np.sqrt(((v - edge) ** 2).sum(1)) for edge in (v.max(0), v.min(0)))
    return weights, worst / (best + worst)


@given(st.integers(0, 2**32), st.integers(3, 12), st.integers(2, 6))
def test_as_numpy_has_it(seed: int, devices: int, criteria: int) -> None:
    x = np.random.default_rng(seed).random((devices, criteria))
    weights, closeness = _numpy(x)
    ours = critic(torch.from_numpy(x))
    np.testing.assert_allclose(ours, weights, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(topsis(torch.from_numpy(x), ours), closeness, rtol=1e-8, atol=1e-12)


@given(MATRICES, st.randoms(use_true_random=False))
def test_the_order_of_devices_and_criteria_does_not_matter(x: torch.Tensor, draw: object) -> None:
    rows, columns = (torch.tensor(draw.sample(range(n), n)) for n in x.shape)  # type: ignore[attr-defined]
    moved = x[rows][:, columns]
    torch.testing.assert_close(critic(moved), critic(x)[columns])
    closeness, other = topsis(x, critic(x)), topsis(moved, critic(moved))
    torch.testing.assert_close(other, closeness[rows])
    most = torch.full((len(x),), 9)
    assert torch.equal(ranks(other, 2, most), ranks(closeness, 2, most)[rows])


@given(MATRICES)
def test_weights_and_scores_are_shares(x: torch.Tensor) -> None:
    weights = critic(x)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    closeness = topsis(x, weights)
    assert ((closeness >= 0) & (closeness <= 1)).all()
    found = ranks(closeness, 2, torch.full((len(x),), 9))
    assert ((found >= 2) & (found <= 9)).all()


def test_ranks_by_hand() -> None:
    assert ranks(torch.tensor([0.2, 0.4, 0.6], dtype=torch.float64), 2, torch.tensor([5, 5, 5])).tolist() == [2, 4, 5]
    assert ranks(torch.tensor([0.0, 1, 1]).double(), 1, torch.tensor([5, 3, 9])).tolist() == [1, 3, 9]


@pytest.mark.parametrize(("least", "most", "middle"), [(2, 6, 4), (2, 5, 4), (1, 2, 2), (3, 3, 3)])
def test_devices_alike_have_the_middle_rank_the_upper_of_two(least: int, most: int, middle: int) -> None:
    alike = torch.tensor([0.7, 0.7]).double()
    assert ranks(alike, least, torch.tensor([most, most])).tolist() == [middle, middle]
    assert ranks(alike[:1], least, torch.tensor([most])).tolist() == [middle]
