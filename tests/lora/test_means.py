"""Linear means and power means as merges take them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.lora.means import Linear, Power
from tests.lora.merges.made import LAYOUT, MERGES, UNEQUAL, mix, some_weights, trained

WEIGHTS = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]).double()


@pytest.mark.parametrize("p", [3, 5, 15, 31])
@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-12])
def test_small_values_do_not_vanish_in_a_high_power(p: int, size: float) -> None:
    """Beside large ones in the same call, too. In float32 1e-3 to the power of 15 is less than the least number."""
    values = torch.tensor([[1.0, -2.0, 1.0], [3.0, 1.0, 1.0], [-2.0, 1.0, 1.0]])
    values[:, 1] *= size
    mean = Power(float(p))(values, WEIGHTS, "B")
    total = (WEIGHTS[0].numpy() * np.array([-2.0, 1.0, 1.0]) ** p).sum()
    wanted = size * np.sign(total) * np.abs(total) ** (1 / p)
    assert mean[0, 1].item() == pytest.approx(wanted, rel=1e-5)
    assert mean[1, 1] == values[1, 1]


@settings(deadline=None, max_examples=30)
@given(st.floats(-6, 6), st.sampled_from([1.0, 3.0, 4.5, 15.0]))
def test_a_power_mean_grows_with_its_values(exponent: float, p: float) -> None:
    values, scale = torch.randn(3, 7, generator=torch.Generator().manual_seed(0)), 10**exponent
    for mean in (Linear(), Power(p)):
        torch.testing.assert_close(mean(scale * values, WEIGHTS, "A"), scale * mean(values, WEIGHTS, "A"))


def test_each_part_has_its_power() -> None:
    values = torch.randn(3, 7, generator=torch.Generator().manual_seed(0))
    mean = Power({"A": 1.0, "B": 3.0, "head": torch.tensor([[1.0], [5.0]])})
    assert torch.equal(mean(values, WEIGHTS, "A"), Linear()(values, WEIGHTS, "A"))
    assert torch.equal(mean(values, WEIGHTS, "B"), Power(3.0)(values, WEIGHTS, "B"))
    assert torch.equal(mean(values, WEIGHTS, "head")[0], Linear()(values, WEIGHTS, "A")[0])


@pytest.mark.parametrize("name", ["rbla", "zero_padding", "replication"])
def test_merges_of_factors_grow_with_b_in_any_power(name: str) -> None:
    """B of 1e-3 and p = 15 give a thousandth of what B of 1 gives, and do not vanish."""
    own, columns = trained(MERGES[name], UNEQUAL), LAYOUT.parts["B"]
    large = mix(MERGES[name](LAYOUT), own, some_weights(), Power(15.0))
    own.values[:, columns] *= 1e-3
    small = mix(MERGES[name](LAYOUT), own, some_weights(), Power(15.0))
    torch.testing.assert_close(small[:, columns], 1e-3 * large[:, columns], rtol=1e-4, atol=1e-9)
    assert small[:, columns].any()
