"""Local steps by AdamW against torch.optim.AdamW, and what goes on from round to round."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from testbed.learning.adam import AdamW
from testbed.learning.descent import Pull
from testbed.learning.fleet import Fleet
from testbed.learning.models import build
from testbed.scenario import parse
from testbed.scenario.schema import Algorithm
from tests.learning.test_fleet import DEVICES, different
from tests.learning.test_sgd import fleet, like, present, same

KEYS: dict[str, Any] = {"optimizer": "adamw", "lr": 0.003}
SETTINGS = pytest.mark.parametrize(
    "settings",
    [{}, {"betas": (0.5, 0.9), "epsilon": 1e-3}, {"weight_decay": 0.1}, {"clip": 0.5, "weight_decay": 0.01}],
    ids=lambda given: "-".join(given),
)


def adam(**settings: Any) -> Fleet:
    return fleet(**KEYS | settings)


def by_torch(own: Fleet, model: Tensor, batches: Tensor, correction: Tensor) -> Tensor:
    """What all steps together take off one device's model, by torch's own optimiser and clipping."""
    module, settings = build(own.spec.name, (1, 28, 28), 10, 1).module, own.algorithm
    weights = [module.get_parameter(parameter.name) for parameter in own.spec.parameters]
    for parameter, weight in zip(own.spec.parameters, weights, strict=True):
        weight.data.copy_(parameter.of(model))
    optimiser = torch.optim.AdamW(
        weights, settings.lr, settings.betas, settings.epsilon, settings.weight_decay, foreach=False
    )
    for rows in batches:
        optimiser.zero_grad()
        torch.autograd.backward(cross_entropy(module(own.data.train_x[rows]), own.data.train_y[rows]))
        if settings.clip is not None:
            torch.nn.utils.clip_grad_norm_(weights, settings.clip)
        for parameter, weight in zip(own.spec.parameters, weights, strict=True):
            assert weight.grad is not None
            weight.grad += parameter.of(correction)
        optimiser.step()
    return model - torch.cat([weight.detach().reshape(-1) for weight in weights])


@SETTINGS
def test_steps_over_several_rounds_are_those_of_torch(settings: dict[str, Any]) -> None:
    """A gradient that is all but zero makes a whole step, and which way hangs on rounding: so a correction is there,
    and a few of the numbers, where the two cancel, may be further off."""
    own = adam(local_steps=3, **settings)
    models, correction = different(own), like(different(own), 1)
    first = own.updates(models, 0, Pull(correction))
    second = own.updates(models - first.updates, 1, Pull(correction), first.velocity)
    batches = torch.cat([own.batches(0), own.batches(1)])
    for device in range(DEVICES):
        expected = by_torch(own, models[device], batches[:, device], correction[device])
        off = (first.updates[device] + second.updates[device] - expected).abs()
        assert (off > 1e-6).float().mean() < 1e-4
        assert off.max() < 1e-4
    assert torch.equal(present(second.velocity)[:, -1], torch.full((DEVICES,), 6.0))


def test_no_velocity_is_its_start_and_no_argument_is_changed() -> None:
    own = adam()
    models = different(own)
    start, before = own.velocity_start(models), models.clone()
    assert start.shape == (DEVICES, 2 * own.spec.size + 1)
    same(own.updates(models, 0), own.updates(models, 0, velocity=start))
    assert torch.equal(models, before)
    assert not start.any()
    assert own.keeps


def test_each_device_counts_its_own_steps() -> None:
    own = adam(local_steps=1)
    models = different(own)
    one = own.updates(models, 0)
    velocity = present(one.velocity).clone()
    velocity[1] = 0
    some = own.updates_of(models[[1, 2]], [1, 2], [0, 3], velocity=velocity[[1, 2]])
    assert present(some.velocity)[:, -1].tolist() == [1, 2]
    torch.testing.assert_close(some.updates[0], one.updates[1], rtol=1e-4, atol=1e-7)


def test_frozen_columns_stay_and_keep_their_moments() -> None:
    own = adam(local_steps=2, weight_decay=0.1, clip=0.1)
    models, half = different(own), own.spec.size // 2
    velocity = present(own.updates(models, 0).velocity)
    scale = torch.ones_like(models)
    scale[:, half:] = 0
    scale[0] = 2
    found = own.updates(models, 1, Pull(scale=scale), velocity)
    size, after = own.spec.size, present(found.velocity)
    assert not found.updates[1:, half:].any()
    assert found.updates[1:, :half].any()
    for moment in (slice(half, size), slice(size + half, 2 * size)):
        assert torch.equal(after[1:, moment], velocity[1:, moment])
        assert not torch.equal(after[0, moment], velocity[0, moment])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_down_a_quadratic_are_those_of_torch(dtype: torch.dtype) -> None:
    """Of x^2 / 2, whose gradient is x, with a learning rate for each device."""

    def slopes(models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        torch.mul(models, scale, out=out)
        return models.square().sum(1) / 2

    models, lr = torch.tensor([[1.0], [-2.0]], dtype=dtype), torch.tensor([[0.1], [0.2]], dtype=dtype)
    trained = AdamW(weight_decay=0.3).train(slopes, models, torch.empty(30, 2, 0), lr)
    for device in range(2):
        x = torch.nn.Parameter(models[device].clone())
        optimiser = torch.optim.AdamW([x], float(lr[device]), weight_decay=0.3, foreach=False)
        for _ in range(30):
            x.grad = x.detach().clone()
            optimiser.step()
        assert (models[device] - trained.updates[device] - x.detach()).abs().max() < 1e-6


def test_parameters_that_train_in_turn_have_their_own_counts_as_with_torch() -> None:
    """Three rounds of two steps down x^2 / 2: the first number trains in all, the second from round 1 on, the third
    not in round 1."""

    def slopes(models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
        torch.mul(models, scale, out=out)
        return models.square().sum(1) / 2

    trains = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    models, of = torch.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]), AdamW(weight_decay=0.3, apart=True)
    x = [[torch.nn.Parameter(number.clone()) for number in model] for model in models]
    optimisers = [torch.optim.AdamW(own, 0.1, weight_decay=0.3, foreach=False) for own in x]
    velocity = None
    for scale in trains:
        pull = Pull(scale=scale.expand(2, 3))
        trained = of.train(slopes, models, torch.empty(2, 2, 0), torch.full((2, 1), 0.1), pull, velocity)
        models, velocity = models - trained.updates, trained.velocity
        for own, optimiser in zip(x, optimisers, strict=True):
            for _ in range(2):
                for number, on in zip(own, scale, strict=True):
                    number.grad = number.detach().clone() if on else None
                optimiser.step()
    expected = torch.stack([torch.stack([number.detach() for number in own]) for own in x])
    torch.testing.assert_close(models, expected, rtol=1e-6, atol=1e-6)
    assert present(velocity)[:, 6:].tolist() == [[6, 4, 4], [6, 4, 4]]


def test_momentum_and_adamw_exclude_each_other() -> None:
    with pytest.raises(ValueError, match=r"algorithm\.betas"):
        Algorithm(optimizer="adamw", momentum=0.9)
    assert parse({"algorithm": {"optimizer": "adamw", "betas": [0.8, 0.9]}}).algorithm.betas == (0.8, 0.9)
