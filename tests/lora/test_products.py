"""Sums and best forms of products, against dense matrices and numpy's SVD."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from testbed.lora.products import balanced, dense, squared_norms, stack, summed, truncated


def factors(*rows: int, room: int = 4, inputs: int = 9, outputs: int = 7, seed: int = 0) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*rows, room, inputs, generator=draw), torch.randn(*rows, room, outputs, generator=draw)


def best(matrix: Tensor, rank: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    u, s, vh = np.linalg.svd(matrix.double().numpy(), full_matrices=False)
    return np.asarray(u[:, :rank] * s[:rank] @ vh[:rank])


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8), st.integers(1, 8), st.integers(0, 99))
def test_the_balanced_form_is_the_best_product_of_its_rank(
    room: int, inputs: int, outputs: int, count: int, seed: int
) -> None:
    a, b = factors(2, room=room, inputs=inputs, outputs=outputs, seed=seed)
    for small_a, small_b in (balanced(a, b, count), truncated(dense(a, b), count)):
        for row in range(2):
            product = dense(small_a[row].double(), small_b[row].double())
            np.testing.assert_allclose(product, best(dense(a[row], b[row]), count), atol=2e-5)
        assert small_a.shape == (2, count, inputs)
        np.testing.assert_allclose(small_a.norm(dim=-1), small_b.norm(dim=-1), rtol=1e-4, atol=1e-6)


def test_products_have_one_balanced_form() -> None:
    a, b = factors(3)
    change = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(5))
    other = change @ a, torch.linalg.inv(change).mT @ b
    torch.testing.assert_close(dense(*other), dense(a, b), rtol=1e-4, atol=1e-4)
    for one, again in zip(balanced(a, b, 4), balanced(*other, 4), strict=True):
        torch.testing.assert_close(one, again, rtol=1e-3, atol=1e-4)


def test_a_component_that_is_no_more_than_rounding_is_zero() -> None:
    a, b = factors(2)
    a[:, 2], b[:, 3] = a[:, 1], 0
    for small_a, small_b in (balanced(a, b, 4), truncated(dense(a, b), 4)):
        assert small_a.any(-1).tolist() == small_b.any(-1).tolist() == [[True, True, False, False]] * 2


def test_values_that_are_not_finite_spoil_only_their_own() -> None:
    a, b = factors(3)
    a[1, 0, 0] = torch.inf
    for small_a, _ in (balanced(a, b, 2), truncated(dense(a, b), 2)):
        assert small_a.isfinite().all(-1).all(-1).tolist() == [True, False, True]


def test_norms_are_those_of_the_products() -> None:
    a, b = factors(3)
    torch.testing.assert_close(squared_norms(a, b), dense(a.double(), b.double()).norm(dim=(1, 2)) ** 2)


def test_a_stack_is_the_sum_exactly() -> None:
    a, b = factors(5)
    shares = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(1)).double()
    shares[0, 2:], shares[2] = 0, 0
    expected = torch.einsum("ijk,jko,jkn->ion", shares, b.double(), a.double())
    product = dense(*stack(a, b, shares))
    assert (product - expected).norm() <= 1e-12 * expected.norm()
    assert stack(a, b, shares)[0].shape == (3, 20, 9)
    assert not product[2].any()
    single = dense(*(factor.float() for factor in stack(a, b, shares)))
    assert (single - expected).norm() <= 1e-6 * expected.norm()


@pytest.mark.parametrize("batch", [1, 10**9])
def test_sums_are_cut_to_the_best_of_the_room(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.lora.products.VALUES", batch)
    a, b = factors(5)
    shares = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(1)).double()
    shares[0, 2:], shares[2] = 0, 0
    product = dense(*summed(a, b, shares))
    expected = torch.einsum("ijk,jko,jkn->ion", shares, b.double(), a.double())
    for row in range(3):
        np.testing.assert_allclose(product[row], best(expected[row], 4), atol=1e-4)


def test_what_has_no_share_is_not_looked_at() -> None:
    a, b = factors(2)
    a[1], b[1] = torch.inf, torch.nan
    shares = torch.ones(1, 2, 4).double()
    shares[0, 1] = 0
    torch.testing.assert_close(dense(*summed(a, b, shares))[0], dense(a, b)[0], rtol=1e-4, atol=1e-5)
