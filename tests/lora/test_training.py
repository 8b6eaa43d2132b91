"""Gradients and accuracy of stacked adapters against one device after the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from testbed.learning.models import build
from testbed.lora import training
from testbed.lora.measure import kept
from testbed.lora.model import Adapted, adapt
from testbed.lora.training import Stacked, StackedAccuracy, group_size
from tests.lora.dense import BATCH, CASES, CLASSES, DEVICES, case, different, draw, logits, slope


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield torch.set_num_threads
    torch.set_num_threads(before)


def stack(name: str) -> tuple[Adapted, Stacked, Tensor, Tensor]:
    """With the samples of all devices, and their labels, in one training set."""
    _, model, x = case(name)
    y = torch.randint(CLASSES, (DEVICES * BATCH,), generator=draw(4))
    return model, Stacked(model, x.flatten(0, 1), y), x, y.view(DEVICES, BATCH)


ROWS = torch.arange(DEVICES * BATCH).view(DEVICES, BATCH)


def gradients(of: Stacked, models: Tensor, scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
    out = torch.full_like(models, torch.nan)
    return out, of(models, ROWS, out, torch.ones(DEVICES, 1) if scale is None else scale)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_a_dense_model(name: str) -> None:
    module, model, _ = case(name)
    _, stacked, x, y = stack(name)
    values, scale = different(model), torch.arange(1.0, DEVICES + 1)[:, None]
    found, losses = gradients(stacked, values, scale)
    for device in range(DEVICES):
        gradient, loss = slope(module, model.layout, values[device], x[device], y[device])
        torch.testing.assert_close(found[device], (device + 1) * gradient, rtol=1e-4, atol=2e-6)
        torch.testing.assert_close(losses[device], loss, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_components_that_a_device_lacks_have_no_gradient(name: str) -> None:
    model, stacked, _, _ = stack(name)
    layout, values = model.layout, different(model)
    found, _ = gradients(stacked, values)
    live = torch.zeros(DEVICES, layout.components, dtype=torch.bool)
    for site in layout.sites:
        a, b = layout.factors(values, site)
        live[:, site.components] = (a != 0).any(2) & (b != 0).any(2)
    assert not live.all()
    assert not found[~layout.columns(live, live)].any()


@pytest.mark.parametrize("name", ["linear", "conv", "embedding", "encoder"])
def test_numbers_do_not_depend_on_threads(
    name: str, threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "GROUP", 1)
    model, stacked, x, y = stack(name)
    tested = StackedAccuracy(model, x.flatten(0, 1), y.flatten())
    values = different(model)
    both = []
    for count in (1, 2):
        threads(count)
        both.append([*gradients(stacked, values), tested(values)])
    assert all(map(torch.equal, *both))


def test_threads_work_on_different_devices_with_one_module() -> None:
    """And none of the weights is copied."""
    model, _, x, _ = stack("encoder")
    values = different(model)
    alone = [model(values[device, None], x[device, None]) for device in range(DEVICES)]
    with ThreadPoolExecutor(4) as pool:
        devices = [device for device in range(DEVICES) for _ in range(20)]
        found = list(pool.map(lambda device: model(values[device, None], x[device, None]), devices))
    for device, own in zip(devices, found, strict=True):
        torch.testing.assert_close(own, alone[device], rtol=1e-5, atol=1e-6)


def test_the_size_of_a_group_follows_from_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    model, stacked, _, _ = stack("linear")
    # Inputs 6, hidden 8 (relu, inputs of the next), 2 of each A x, 5 inputs of the head; 3 logits are the loss's own.
    assert 4 * (6 + 8 + 5) <= model.kept_bytes <= 4 * (6 + 8 + 8 + 5 + 2 + 2 + 3)
    assert group_size(model, BATCH) == 16
    whole = gradients(stacked, different(model))
    monkeypatch.setattr(training, "KEPT", model.kept_bytes * BATCH * 2)
    assert group_size(model, BATCH) == 2
    assert group_size(model, 10 * BATCH) == 1
    for one, other in zip(whole, gradients(stacked, different(model)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["linear", "conv", "encoder"])
def test_accuracy_is_that_of_each_device_by_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, model, x = case(name)
    samples, y = x.flatten(0, 1), torch.randint(CLASSES, (DEVICES * BATCH,), generator=draw(4))
    values = different(model)
    expected = [(logits(module, model.layout, row, samples).argmax(1) == y).float().mean() for row in values]
    monkeypatch.setattr(training, "GROUP", 3)
    monkeypatch.setattr(training, "KEPT", model.kept_bytes * 2 * 7)
    torch.testing.assert_close(StackedAccuracy(model, samples, y)(values), torch.stack(expected))
    values[1] = torch.nan
    assert StackedAccuracy(model, samples, y)(values)[1] == 0


def test_no_device_has_a_base_of_its_own() -> None:
    """Twenty devices keep less for the way back than one base takes; what they keep of a base is the base itself."""
    base = build("mlp", (1, 28, 28), 10, 1).module
    model = adapt(base, torch.rand(1, 28, 28), 8)
    values, x = model.start(0).repeat(20, 1), torch.rand(20, 1, 1, 28, 28)
    assert values.shape == (20, 8 * (784 + 128) + 128 * 10 + 10)
    weights = {name: view.detach().requires_grad_() for name, view in model.spec.views(values).items()}
    shared = {weight.untyped_storage().data_ptr() for weight in base.parameters()}
    theirs = shared | {values.untyped_storage().data_ptr()}
    found = kept(lambda: model.logits(weights, x), theirs)
    assert 0 < found <= 20 * model.kept_bytes
    assert found < 4 * sum(weight.numel() for weight in base.parameters())
    assert all(weight.untyped_storage().data_ptr() in shared for weight in model.module.parameters())
