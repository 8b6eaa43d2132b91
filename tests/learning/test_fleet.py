"""Local steps and accuracy: batched, one by one, and against plain autograd."""

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from testbed.learning import convolved, evaluate, steps
from testbed.learning.data import DataSet, load
from testbed.learning.fleet import Fleet, of_scenario
from testbed.learning.learnt import Whole
from testbed.learning.models import Model as Net
from testbed.learning.steps import Execution
from testbed.scenario import parse
from testbed.scenario.schema import Algorithm, Devices, Model, Scenario
from testbed.scenario.schema import Data as DataSection

SHAPES = {"logistic": (1, 28, 28), "mlp": (1, 28, 28), "cnn": (3, 32, 32)}
MODELS = pytest.mark.parametrize("name", SHAPES)
DEVICES, SAMPLES = 5, 200


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def images(shape: tuple[int, int, int]) -> DataSet:
    draw = torch.Generator().manual_seed(3)
    x, y = torch.randn(SAMPLES, *shape, generator=draw), torch.randint(10, (SAMPLES,), generator=draw)
    return DataSet("made-up", x, y, x[:100], y[:100], 10)


def whole(name: str, shape: tuple[int, int, int], execution: Execution = "auto") -> Whole:
    return Whole.of(Model(name=name, execution=execution), shape, 10, 1)  # type: ignore[arg-type]


def model_of(own: Fleet) -> Net:
    assert isinstance(own.learnt, Whole)
    return own.learnt.model


def fleet(name: str, execution: Execution = "auto", local_steps: int = 1, lr: float = 0.3) -> Fleet:
    algorithm = Algorithm(lr=lr, batch_size=16, local_steps=local_steps)
    shards = np.split(np.random.default_rng(0).permutation(SAMPLES), [1, 10, 60, 130])
    return Fleet(images(SHAPES[name]), shards, whole(name, SHAPES[name], execution), algorithm, 1)


def different(own: Fleet) -> Tensor:
    """Models that are not the same on all devices."""
    return own.start() + 0.02 * torch.randn(DEVICES, own.spec.size, generator=torch.Generator().manual_seed(9))


def close(one: Tensor, other: Tensor) -> bool:
    """To 1e-6, of the largest value where that is above one."""
    return bool((one - other).abs().max() < 1e-6 * max(1.0, other.abs().max().item()))


def by_autograd(own: Fleet, models: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    gradients, losses = [], []
    for model, batch in zip(models, rows, strict=True):
        flat = model.clone().requires_grad_()
        logits = functional_call(model_of(own).module, own.spec.views(flat), (own.data.train_x[batch],))
        loss = cross_entropy(logits, own.data.train_y[batch])
        gradients.append(torch.autograd.grad(loss, flat)[0])
        losses.append(loss.detach())
    return torch.stack(gradients), torch.stack(losses)


@MODELS
@pytest.mark.parametrize("execution", ["batched", "loop"])
def test_gradients_are_those_of_autograd(name: str, execution: Execution) -> None:
    own = fleet(name, execution)
    models = different(own)
    gradients, losses = own.gradients(models, 4)
    expected, expected_losses = by_autograd(own, models, own.batches(4)[0])
    assert close(gradients, expected)
    assert close(losses, expected_losses)


@MODELS
@pytest.mark.parametrize("local_steps", [1, 3])
def test_batched_and_loop_give_the_same_numbers(name: str, local_steps: int) -> None:
    batched, loop = fleet(name, "batched", local_steps), fleet(name, "loop", local_steps)
    models = different(batched)
    updates, losses, *_ = batched.updates(models, 2)
    other, other_losses, *_ = loop.updates(models, 2)
    assert close(updates, other)
    assert close(losses, other_losses)


@MODELS
def test_one_step_is_exactly_lr_times_the_gradient(name: str) -> None:
    own = fleet(name)
    models = different(own)
    before = models.clone()
    updates = own.updates(models, 0).updates
    assert torch.equal(updates, own.gradients(models, 0)[0] * 0.3)
    assert torch.equal(models, before)


def test_more_steps_are_plain_sgd() -> None:
    own = fleet("mlp", local_steps=4)
    end = models = different(own)
    losses = []
    for rows in own.batches(1):
        gradients, loss = by_autograd(own, end, rows)
        end = end - 0.3 * gradients
        losses.append(loss)
    updates, mean, *_ = own.updates(models, 1)
    assert close(updates, models - end)
    assert close(mean, torch.stack(losses).mean(0))


def test_batches_come_from_the_devices_own_samples_and_follow_from_the_round() -> None:
    own = fleet("logistic", local_steps=3)
    batches = own.batches(7)
    assert batches.shape == (3, DEVICES, 16)
    for device, shard in enumerate(own.shards):
        assert set(batches[:, device].ravel().tolist()) <= set(shard.tolist())
    assert torch.equal(batches, fleet("logistic", local_steps=3).batches(7))
    assert not torch.equal(batches, own.batches(8))


def test_batches_are_uniform_with_replacement() -> None:
    own = Fleet(images((1, 28, 28)), [np.arange(10)], whole("logistic", (1, 28, 28)), Algorithm(batch_size=50000), 1)
    counts = own.batches(0).ravel().bincount(minlength=10)
    assert (counts - 5000).abs().max() < 350


@MODELS
def test_the_same_bytes_again_and_with_another_number_of_threads(name: str) -> None:
    own = fleet(name)
    models = different(own)
    first = own.updates(models, 3)
    again = own.updates(models, 3)
    accuracy = own.accuracy(models)
    torch.set_num_threads(1)
    alone = own.updates(models, 3)
    for one, two, three in zip(first[:2], again[:2], alone[:2], strict=True):
        assert torch.equal(one, two)
        assert torch.equal(one, three)
    assert torch.equal(accuracy, own.accuracy(models))
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("name", ["logistic", "cnn"])
def test_a_fleet_that_is_gone_holds_no_data(name: str) -> None:
    """At once, not when the collector comes by: campaigns have one fleet after the other, each with a data set."""
    own = fleet(name)
    own.updates_of(different(own), range(DEVICES), [4] * DEVICES)
    own.updates(different(own), 1)
    own.accuracy(different(own))
    images = weakref.ref(own.data.train_x)
    gc.disable()
    del own
    gc.enable()
    assert images() is None


def test_groups_do_not_change_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    own = fleet("mlp")
    whole = own.updates(different(own), 0)[0]
    monkeypatch.setattr(steps, "GROUP", 2)
    assert close(own.updates(different(own), 0)[0], whole)


@pytest.mark.parametrize("execution", ["batched", "loop"])
@MODELS
def test_diverged_models_are_reported_as_they_are(name: str, execution: Execution) -> None:
    own = fleet(name, execution)
    models = different(own)
    models[2] = float("nan")
    updates, losses, *_ = own.updates(models, 0)
    assert losses.isnan().tolist() == [False, False, True, False, False]
    assert not updates[3].isnan().any()
    assert own.accuracy(models)[2] == 0


@MODELS
def test_one_device_is_normal(name: str) -> None:
    own = Fleet(images(SHAPES[name]), [np.arange(SAMPLES)], whole(name, SHAPES[name]), Algorithm(batch_size=8), 1)
    assert own.updates(own.start(), 0)[0].shape == (1, own.spec.size)
    assert own.accuracy(own.start()).shape == (1,)


@MODELS
@pytest.mark.parametrize("samples", [0, 1, 37, 5000])
def test_accuracy_counts_right_answers(name: str, samples: int) -> None:
    own = fleet(name)
    models = different(own)
    used = min(samples or 100, 100)
    x, y = own.data.test_x[:used], own.data.test_y[:used]
    with torch.no_grad():
        guesses = [functional_call(model_of(own).module, own.spec.views(model), (x,)).argmax(1) for model in models]
    expected = torch.stack([(guess == y).float().mean() for guess in guesses])
    assert (own.accuracy(models, samples) - expected).abs().max() < 1e-6


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28)])
def test_convolutions_of_devices_together_count_as_alone(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolved, "IMAGES", 30)
    monkeypatch.setattr(convolved, "GROUP", 2)
    own = Fleet(images(shape), [np.arange(SAMPLES)] * DEVICES, whole("cnn", shape), Algorithm(), 1)
    models, (x, y) = different(own) * 3, (own.data.test_x, own.data.test_y)
    together, alone = convolved.Convolved(model_of(own), x, y), evaluate.OneByOne(model_of(own), x, y)
    assert torch.equal(together(models), alone(models))
    assert torch.equal(own.accuracy(models, 70), convolved.Convolved(model_of(own), x[:70], y[:70])(models))


def test_equal_logits_count_for_the_first_class_only() -> None:
    own = fleet("logistic")
    nothing = torch.zeros(DEVICES, own.spec.size)
    expected = (own.data.test_y == 0).float().mean()
    ways = [own.accuracy(nothing), evaluate.OneByOne(model_of(own), own.data.test_x, own.data.test_y)(nothing)]
    for accuracy in ways:
        assert (accuracy - expected).abs().max() < 1e-6


def test_pixels_that_never_vary_are_folded_in() -> None:
    own = fleet("logistic")
    own.data.test_x[:, :, :9] = -0.42
    models = different(own)
    plain = evaluate.OneByOne(model_of(own), own.data.test_x, own.data.test_y)
    assert torch.equal(own.accuracy(models), plain(models))


def test_an_error_in_a_thread_comes_out() -> None:
    own = fleet("cnn")
    with pytest.raises(RuntimeError, match="size"):
        own.updates(torch.zeros(DEVICES, 7), 0)


def test_a_fleet_learns_the_embedded_digits() -> None:
    scenario = Scenario(
        devices=Devices(count=4), data=DataSection(partition="iid"), algorithm=Algorithm(lr=0.1, batch_size=64)
    )
    own = of_scenario(scenario)
    models = own.start()
    for round_ in range(40):
        models = (models - own.updates(models, round_)[0]).mean(0, keepdim=True).repeat(4, 1)
    assert own.accuracy(models).min() > 0.8
    assert own.data.name == "mnist5k"
    assert len(load("mnist5k").test_y) == 1000


@pytest.mark.parametrize("local_steps", [1, 3])
@MODELS
def test_devices_in_rounds_of_their_own_draw_the_samples_of_those_rounds(name: str, local_steps: int) -> None:
    own = fleet(name, local_steps=local_steps)
    models = different(own)
    updates, losses, *_ = own.updates_of(models[[3, 0]], [3, 0], [5, 2])
    for place, (device, round_) in enumerate([(3, 5), (0, 2)]):
        expected = own.updates(models, round_)
        assert close(updates[place], expected[0][device])
        assert close(losses[place], expected[1][device])
    together = own.updates_of(models, range(DEVICES), [4] * DEVICES)
    assert all(map(torch.equal, together[:3], own.updates(models, 4)[:3]))


def validated(**output: str) -> Fleet:
    return of_scenario(parse({"devices": {"count": 4}, "data": {"validation": 300}, "output": output}))


def test_images_held_out_are_evaluated_on_and_never_trained_on() -> None:
    own, plain = validated(evaluate="validation"), validated()
    dealt = np.concatenate(own.shards)
    assert len(own.data.test_y) == 300
    assert len(np.unique(dealt)) == len(dealt) == 4000 - 300
    held = np.setdiff1d(np.arange(4000), dealt)
    assert torch.equal(own.data.test_x, plain.data.train_x[held])
    assert torch.equal(own.data.test_y, plain.data.train_y[held])
    assert all(map(np.array_equal, own.shards, plain.shards))
    assert len(plain.data.test_y) == 1000
    assert not torch.equal(own.accuracy(own.start()), plain.accuracy(own.start()))


def test_settings_of_the_scenario_reach_the_local_steps() -> None:
    settings = {"lr": 0.2, "schedule": "cosine", "momentum": 0.9}
    own = of_scenario(parse({"run": {"rounds": 10}, "devices": {"count": 4}, "algorithm": settings}))
    trained = own.updates(own.start(), 5)
    assert torch.equal(trained.lr, torch.full((4, 1), 0.1))
    assert trained.velocity is not None
    assert of_scenario(parse({"algorithm": settings}), momentum=0.0).momentum == 0
