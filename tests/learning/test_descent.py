"""What pulls at local steps beside the gradient: a scale of each number, and a proximal term."""

from typing import Any

import pytest
import torch
from torch import Tensor

from testbed.learning.adam import AdamW
from testbed.learning.descent import Descent, Pull
from testbed.learning.sgd import Sgd
from tests.learning.test_fleet import different
from tests.learning.test_sgd import fleet, like, present, same

STEPS: list[Descent] = [
    Sgd(), Sgd(momentum=0.9), Sgd(0.9, 0.01, 0.5), AdamW(), AdamW(weight_decay=0.01, clip=0.5)
]  # fmt: skip
KEYS: list[dict[str, Any]] = [{}, {"momentum": 0.9, "weight_decay": 0.1, "clip": 0.5}, {"optimizer": "adamw"}]
C, B = torch.tensor([[1.0, 2.0, 3.0], [2.0, 1.0, 0.5]]), torch.tensor([[1.0, -1.0, 2.0], [0.5, 0.5, 3.0]])


def slopes(models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
    """Of sum c (x - b)^2 / 2."""
    torch.mul(C[:, : models.shape[1]] * (models - B[:, : models.shape[1]]), scale, out=out)
    return models.new_zeros(len(models))


def train(of: Descent, models: Tensor, steps: int = 4, *, velocity: Tensor | None = None, **keys: Any) -> Any:
    return of.train(slopes, models, torch.empty(steps, 2, 0), torch.full((2, 1), 0.1), Pull(**keys), velocity)


@pytest.mark.parametrize("of", STEPS)
@pytest.mark.parametrize("steps", [1, 4])
def test_frozen_columns_are_as_if_they_were_not_there(of: Descent, steps: int) -> None:
    """Clipping, weight decay and momentum of the others are those of a model without them."""
    models, scale = torch.tensor([[3.0, 1.0, 2.5], [1.0, 2.0, 4.0]]), torch.tensor([[1.0, 1.0, 0.0]]).repeat(2, 1)
    velocity = torch.rand_like(of.start(models)).round(decimals=2)
    found = train(of, models, steps, scale=scale, velocity=velocity)
    own = torch.cat([velocity[:, :2], velocity[:, 3:5], velocity[:, 6:]], 1)  # m, or momentum; v; t
    without = train(of, models[:, :2], steps, velocity=own[:, : of.start(models[:, :2]).shape[1]])
    torch.testing.assert_close(found.updates[:, :2], without.updates, rtol=1e-6, atol=1e-7)
    assert not found.updates[:, 2].any()
    if of.keeps:
        assert torch.equal(present(found.velocity)[:, 2], velocity[:, 2])
    assert (train(of, models, steps, scale=scale).velocity is None) != of.keeps


@pytest.mark.parametrize("of", STEPS)
def test_a_scale_is_a_learning_rate_of_each_number(of: Descent) -> None:
    models = torch.tensor([[3.0, 1.0, 2.5], [1.0, 2.0, 4.0]])
    ratio = 4.0
    one = train(of, models, 1, scale=torch.full_like(models, ratio)).updates
    torch.testing.assert_close(one, ratio * train(of, models, 1).updates)


@pytest.mark.parametrize("of", STEPS)
def test_nothing_moves_where_the_scale_is_zero_even_if_it_is_no_number(of: Descent) -> None:
    models = torch.tensor([[torch.nan, 1.0, 2.5], [1.0, 2.0, 4.0]])
    scale = torch.ones_like(models)
    scale[0, 0] = 0
    updates = train(of, models, 1, scale=scale).updates
    assert updates[0, 0] == 0
    assert updates.isfinite().all()


def test_a_proximal_term_pulls_back_to_the_start() -> None:
    """By hand: x1 = x0 - lr g0; x2 = x1 - lr (g1 + mu (x1 - x0))."""
    models, mu = torch.tensor([[3.0, 1.0, 2.5], [1.0, 2.0, 4.0]]), 0.7
    x = models.clone()
    for _ in range(3):
        x = x - 0.1 * (C * (x - B) + mu * (x - models))
    torch.testing.assert_close(models - train(Sgd(), models, 3, proximal=mu).updates, x)
    far = train(AdamW(), models, 20).updates.norm()
    assert train(AdamW(), models, 20, proximal=50.0).updates.norm() < 0.5 * far


@pytest.mark.parametrize("keys", KEYS)
def test_a_fleet_hands_them_on(keys: dict[str, Any]) -> None:
    own = fleet(local_steps=3, **keys)
    models = different(own)
    plain = own.updates(models, 2)
    same(own.updates(models, 2, Pull(scale=torch.ones_like(models))), plain)
    same(own.updates(models, 2, Pull(proximal=0.0)), plain)
    scale = like(models, 4).abs()
    pulled = own.updates(models, 2, Pull(scale=scale, proximal=0.5))
    assert not torch.equal(pulled.updates, plain.updates)
    some = own.updates_of(models[[3, 1]], [3, 1], [2, 2], Pull(scale=scale[[3, 1]], proximal=0.5))
    torch.testing.assert_close(some.updates, pulled.updates[[3, 1]], rtol=1e-4, atol=1e-6)


def test_no_argument_is_changed() -> None:
    own = fleet(local_steps=2, momentum=0.9, weight_decay=0.1, clip=0.5)
    models = different(own)
    given = [models, like(models, 1), like(models, 2), like(models, 3).clamp(min=0)]
    copies = [tensor.clone() for tensor in given]
    own.updates(models, 0, Pull(given[1], given[3], 0.1), given[2])
    assert all(map(torch.equal, given, copies))
