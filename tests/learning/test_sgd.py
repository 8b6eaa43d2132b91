"""Local steps against torch.optim.SGD, batched against one by one, and what they do with their arguments."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from testbed.learning.descent import Pull
from testbed.learning.fleet import Fleet
from testbed.learning.models import build
from testbed.learning.sgd import Sgd, Trained
from testbed.learning.steps import Execution
from testbed.scenario.schema import Algorithm
from tests.learning.test_fleet import DEVICES, SAMPLES, SHAPES, different, images, whole

ALL: dict[str, Any] = {"momentum": 0.9, "weight_decay": 0.01, "clip": 0.5}
SETTINGS = pytest.mark.parametrize(
    "settings", [{}, {"momentum": 0.9}, {"weight_decay": 0.1}, {"clip": 0.5}, ALL], ids=lambda given: "-".join(given)
)


def fleet(name: str = "mlp", execution: Execution = "auto", rounds: int = 1, **settings: Any) -> Fleet:
    algorithm = Algorithm(**{"lr": 0.3, "batch_size": 16, "local_steps": 3} | settings)
    shards = torch.arange(SAMPLES).tensor_split(DEVICES)
    return Fleet(
        images(SHAPES[name]),
        [own.numpy() for own in shards],
        whole(name, SHAPES[name], execution),
        algorithm,
        1,
        rounds,
    )


def close(one: Tensor, other: Tensor) -> bool:
    """To 3e-6, rounding over several steps, of the largest value where that is above one."""
    return bool((one - other).abs().max() < 3e-6 * max(1.0, other.abs().max().item()))


def like(models: Tensor, seed: int) -> Tensor:
    return 0.1 * torch.randn(models.shape, generator=torch.Generator().manual_seed(seed))


def by_torch(own: Fleet, model: Tensor, batches: Tensor, correction: Tensor, velocity: Tensor) -> list[Tensor]:
    """The update, mean loss and velocity of one device, by torch's own optimiser and clipping."""
    module = build(own.spec.name, (1, 28, 28), 10, 1).module
    weights = [module.get_parameter(parameter.name) for parameter in own.spec.parameters]
    settings = own.algorithm
    optimiser = torch.optim.SGD(
        weights, lr=settings.lr, momentum=settings.momentum or 0.0, weight_decay=settings.weight_decay
    )
    for parameter, weight in zip(own.spec.parameters, weights, strict=True):
        weight.data.copy_(parameter.of(model))
        optimiser.state[weight]["momentum_buffer"] = parameter.of(velocity).clone()
    losses = []
    for rows in batches:
        optimiser.zero_grad()
        loss = cross_entropy(module(own.data.train_x[rows]), own.data.train_y[rows])
        loss.backward()
        if settings.clip is not None:
            torch.nn.utils.clip_grad_norm_(weights, settings.clip)
        for parameter, weight in zip(own.spec.parameters, weights, strict=True):
            assert weight.grad is not None
            weight.grad += parameter.of(correction)
        optimiser.step()
        losses.append(loss.detach())
    end = torch.cat([weight.detach().reshape(-1) for weight in weights])
    buffers = torch.cat([optimiser.state[weight]["momentum_buffer"].reshape(-1) for weight in weights])
    return [model - end, torch.stack(losses).mean(), buffers]


@pytest.mark.parametrize("local_steps", [1, 4])
@SETTINGS
def test_local_steps_are_those_of_torch(settings: dict[str, Any], local_steps: int) -> None:
    own = fleet(local_steps=local_steps, **settings)
    models = different(own)
    correction, velocity = like(models, 1), like(models, 2)
    trained = own.updates(models, 3, Pull(correction), velocity)
    batches = own.batches(3)
    for device in range(DEVICES):
        expected = by_torch(own, models[device], batches[:, device], correction[device], velocity[device])
        assert close(trained.updates[device], expected[0])
        assert close(trained.losses[device], expected[1])
        assert trained.velocity is None or close(trained.velocity[device], expected[2])
    assert (trained.velocity is None) == ("momentum" not in settings)


def test_clipping_bites_and_is_of_each_device_by_itself() -> None:
    plain, clipped = fleet(local_steps=1), fleet(local_steps=1, clip=4.0)
    models = different(plain)
    models[2] *= 10
    before, after = plain.gradients(models, 0)[0].norm(dim=1), clipped.updates(models, 0).updates.norm(dim=1) / 0.3
    assert (before > 4).tolist() == [False, False, True, False, False]
    assert close(after, before.clamp(max=4))


@SETTINGS
@pytest.mark.parametrize("name", SHAPES)
def test_batched_and_loop_give_the_same_numbers(name: str, settings: dict[str, Any]) -> None:
    """Of a network with pooling one step: rounding may turn what is largest, and a later step shows that."""
    settings = {"local_steps": 1 if name == "cnn" else 3} | settings
    batched, loop = fleet(name, "batched", **settings), fleet(name, "loop", **settings)
    models = different(batched)
    one, other = (own.updates(models, 2, Pull(like(models, 1))) for own in (batched, loop))
    assert close(one.updates, other.updates)
    assert close(one.losses, other.losses)
    assert one.velocity is other.velocity is None or close(present(one.velocity), present(other.velocity))


def present(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor


def test_velocity_goes_on_where_it_was_left() -> None:
    """Two rounds of two steps are four steps: on the samples of the second round, one round of two, and so on."""
    own = fleet(local_steps=2, momentum=0.9)
    models = different(own)
    first = own.updates(models, 0)
    second = own.updates(models - first.updates, 1, velocity=first.velocity)
    batches = torch.cat([own.batches(0), own.batches(1)])
    whole = Sgd(momentum=0.9).train(own._gradients, models, batches, first.lr)
    assert close(first.updates + second.updates, whole.updates)
    assert close(present(second.velocity), present(whole.velocity))


def test_no_velocity_is_one_of_zeros_and_without_momentum_none_counts() -> None:
    own = fleet(momentum=0.5)
    models = different(own)
    same(own.updates(models, 0), own.updates(models, 0, velocity=torch.zeros_like(models)))
    same(fleet().updates(models, 0), fleet().updates(models, 0, velocity=torch.ones_like(models)))


def same(one: Trained, other: Trained) -> None:
    for left, right in zip(one, other, strict=True):
        assert left is right is None or torch.equal(present(left), present(right))


def test_a_correction_is_added_to_the_gradient() -> None:
    own = fleet(local_steps=1)
    models = different(own)
    correction = like(models, 1)
    assert close(own.updates(models, 0, Pull(correction)).updates, 0.3 * (own.gradients(models, 0)[0] + correction))
    same(own.updates(models, 0, Pull(torch.zeros_like(models))), own.updates(models, 0))


@pytest.mark.parametrize("local_steps", [1, 2])
def test_no_argument_is_changed(local_steps: int) -> None:
    own = fleet(local_steps=local_steps, **ALL)
    given = [different(own), like(different(own), 1), like(different(own), 2)]
    copies = [tensor.clone() for tensor in given]
    trained = own.updates(given[0], 0, Pull(given[1]), given[2])
    assert all(map(torch.equal, given, copies))
    assert present(trained.velocity).data_ptr() != given[2].data_ptr()


def test_each_device_has_the_learning_rate_of_its_own_round() -> None:
    own = fleet(rounds=10, local_steps=2, schedule="step", decay=0.5, decay_rounds=(3, 6), momentum=0.9)
    models = different(own)
    velocity = like(models, 2)
    some = own.updates_of(models[[3, 0, 1]], [3, 0, 1], [5, 2, 8], velocity=velocity[[3, 0, 1]])
    assert torch.equal(some.lr, torch.tensor([[0.15], [0.3], [0.075]]))
    for place, (device, round_) in enumerate([(3, 5), (0, 2), (1, 8)]):
        alone = own.updates(models, round_, velocity=velocity)
        assert torch.equal(alone.lr, some.lr[place].expand(DEVICES, 1))
        assert close(some.updates[place], alone.updates[device])
        assert close(present(some.velocity)[place], present(alone.velocity)[device])


def test_a_schedule_scales_the_step_of_a_round() -> None:
    own = fleet(rounds=10, local_steps=1, schedule="cosine")
    models = different(own)
    trained = own.updates(models, 5)
    assert torch.equal(trained.lr, torch.full((DEVICES, 1), 0.15))
    assert torch.equal(trained.updates, own.gradients(models, 5)[0] * 0.15)


def test_momentum_of_the_algorithm_stands_in_place_of_the_settings() -> None:
    algorithm = Algorithm(momentum=0.9, lr=0.3, batch_size=16, local_steps=3)
    own = fleet(momentum=0.9)
    plain = Fleet(own.data, own.shards, own.learnt, algorithm, 1, momentum=0.0)
    models = different(own)
    assert (own.momentum, plain.momentum, fleet().momentum) == (0.9, 0.0, 0.0)
    same(plain.updates(models, 0), fleet().updates(models, 0))


def quadratic(models: Tensor, rows: Tensor, out: Tensor, scale: Tensor) -> Tensor:
    """Of x^2 / 2, whose gradient is x."""
    torch.mul(models, scale, out=out)
    return models.square().sum(1) / 2


def test_any_gradients_can_be_trained_in_double_precision() -> None:
    models, lr = torch.tensor([[1.0], [-2.0]], dtype=torch.float64), torch.tensor([[0.1], [0.2]], dtype=torch.float64)
    trained = Sgd(momentum=0.5).train(quadratic, models, torch.empty(2, 2, 0), lr)
    ends = torch.tensor([[0.9 - 0.1 * (0.5 * 1 + 0.9)], [-1.6 - 0.2 * (0.5 * -2 - 1.6)]], dtype=torch.float64)
    assert (models - trained.updates - ends).abs().max() < 1e-15
    assert (trained.losses - torch.tensor([0.4525, 1.64], dtype=torch.float64)).abs().max() < 1e-15


def test_a_diverged_device_is_reported_as_it_is_and_alone() -> None:
    own = fleet(**ALL)
    models = different(own)
    models[2] = float("nan")
    trained = own.updates(models, 0)
    assert trained.losses.isnan().tolist() == [False, False, True, False, False]
    assert trained.updates.isnan().any(1).tolist() == [False, False, True, False, False]
