"""Rows of a product are the same bits, whichever other rows there are."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from testbed.aggregation import power_mean, power_mean_and_slope
from testbed.aggregation.products import TERMS, product


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.contiguous().numpy().tobytes() == other.contiguous().numpy().tobytes()


@given(st.integers(2, 2 * TERMS + 60), st.integers(1, 40), st.data())
def test_rows_by_themselves_come_out_as_among_all(count: int, columns: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first + 1, count))
    kind = data.draw(st.sampled_from([torch.float32, torch.float64]))
    random = torch.Generator().manual_seed(count)
    a, b = (
        torch.rand(count, count, generator=random, dtype=kind),
        torch.randn(count, columns, generator=random).to(kind),
    )
    whole = product(a, b)
    assert same(product(a[first:last], b, apart=True), whole[first:last])
    assert np.allclose(whole, a.double() @ b.double(), rtol=1e-3, atol=1e-3)


def test_the_result_goes_where_it_is_wanted() -> None:
    a, b = torch.rand(2, 2 * TERMS), torch.rand(2 * TERMS, 5)
    out = torch.empty(2, 5)
    assert product(a, b, out=out) is not None
    assert torch.allclose(out, a @ b)


@pytest.mark.parametrize("p", [1.0, 3.0, 2.5, "own"])
@pytest.mark.parametrize("rows", [slice(0, 1), slice(5, 9), slice(11, 12)])
def test_power_means_for_some_devices_are_those_among_all(p: float | str, rows: slice) -> None:
    random = torch.Generator().manual_seed(1)
    models, updates = (torch.randn(12, 50, generator=random) for _ in range(2))
    weights = torch.rand(12, 12, generator=random, dtype=torch.float64)
    weights[7] = torch.eye(12, dtype=torch.float64)[7]
    weights /= weights.sum(1, keepdim=True)
    powers = 1 + (torch.arange(12) % 5).double() / 2 if p == "own" else torch.full((12,), float(p)).double()
    whole = power_mean(models, weights, powers[:, None], updates)
    assert same(power_mean(models, weights, powers[rows, None], updates[rows], rows), whole[rows])
    means, slopes = power_mean_and_slope(models, weights, powers[:, None])
    some = power_mean_and_slope(models, weights, powers[rows, None], rows=rows)
    assert same(some[0], means[rows])
    assert same(some[1], slopes[rows])
