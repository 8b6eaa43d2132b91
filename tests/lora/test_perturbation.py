"""Gradients under noise: against a dense model with the noise in its weights, in rounds, on any number of threads."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from testbed.learning.descent import Pull
from testbed.learning.steps import Gradients
from testbed.lora.layout import Site
from testbed.lora.learnt import WithAdapters
from testbed.lora.model import Adapted
from testbed.lora.perturbation import Perturbed
from testbed.lora.training import Stacked
from testbed.scenario import Scenario
from testbed.seeds import Purpose, generator
from testbed.session import checkpoint, run
from testbed.session.adapters import learnt_of
from testbed.session.learner import Learner
from tests.lora.dense import BATCH, CASES, CLASSES, DEVICES, _add, case, different, draw, weights
from tests.lora.test_clients import scenario, stepped
from tests.session.scenarios import Interrupt, tables

ROWS, SIGMA, SEED = torch.arange(DEVICES * BATCH).view(DEVICES, BATCH), 0.2, 11


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def perturbed(name: str, sigma: float = SIGMA) -> tuple[Adapted, Perturbed, Tensor, Tensor]:
    _, model, x = case(name)
    y = torch.randint(CLASSES, (DEVICES * BATCH,), generator=draw(4))
    return model, Perturbed(model, x.flatten(0, 1), y, sigma, SEED), x, y.view(DEVICES, BATCH)


def slopes(of: Gradients, models: Tensor) -> tuple[Tensor, Tensor]:
    out = torch.full_like(models, torch.nan)
    return out, of(models, ROWS, out, torch.ones(DEVICES, 1))


def noise(site: Site, base: Tensor, number: int, round_: int, step: int) -> Tensor:
    """As the product B A stands in the weight, by the formula."""
    embeds = site.target.kind == "embedding"
    w = (base.T if embeds else base.flatten(1)).double().numpy()
    z = generator(SEED, Purpose.PERTURBATION, round_, step, number).standard_normal(w.shape, np.float32)
    e = SIGMA * np.sqrt((w**2).sum(1, keepdims=True) / site.target.inputs) * z
    return torch.from_numpy(e.T if embeds else e).float()


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_a_dense_model_with_noise_in_its_weights(name: str) -> None:
    module, _, _ = case(name)
    model, of, x, y = perturbed(name)
    in_round, values = of.of(7), different(model)
    for part in module.modules():
        if isinstance(part, torch.nn.TransformerEncoder):
            part.use_nested_tensor = False  # warns of itself
    for step in range(2):
        found, losses = slopes(in_round, values)
        for device in range(DEVICES):
            leaf = values[device].clone().requires_grad_()
            own = weights(module, model.layout, leaf)
            for number, site in enumerate(model.layout.sites):
                _add(own, site, noise(site, model.bases()[site.target.name], number, 7, step))
            loss = cross_entropy(functional_call(module.eval(), own, (x[device],)), y[device])
            (gradient,) = torch.autograd.grad(loss, leaf)
            torch.testing.assert_close(found[device], gradient, rtol=1e-4, atol=2e-6)
            torch.testing.assert_close(losses[device], loss.detach(), rtol=1e-5, atol=1e-6)


def test_noise_moves_each_row_by_its_share_of_its_norm_and_is_another_in_every_step() -> None:
    learnt = learnt_of(noisy(0.1))
    assert isinstance(learnt, WithAdapters)
    of = learnt.gradients(torch.zeros(0), torch.zeros(0))
    assert isinstance(of, Perturbed)
    ((name, base),) = learnt.model.bases().items()
    draws = [of.noisy(*at)[name] - base for at in ((0, 0), (0, 1), (1, 0))]
    for found in draws:
        torch.testing.assert_close(found.norm(dim=1) / base.norm(dim=1), torch.full((128,), 0.1), rtol=0.15, atol=0)
        assert found.mean().abs() < 3 * found.std() / found.numel() ** 0.5
    alike = torch.corrcoef(torch.stack([found.flatten() for found in draws])) - torch.eye(3)
    assert alike.abs().max() < 0.02


def test_outside_a_round_there_is_no_noise() -> None:
    model, of, x, y = perturbed("conv")
    plain = Stacked(model, x.flatten(0, 1), y.flatten())
    values = different(model)
    assert torch.equal(slopes(of, values)[0], slopes(plain, values)[0])
    assert not torch.equal(slopes(of.of(0), values)[0], slopes(plain, values)[0])


def test_numbers_depend_on_no_thread() -> None:
    model, of, _, _ = perturbed("encoder")
    values, found = different(model), []
    for count in (1, 2, 4):
        torch.set_num_threads(count)
        found.append(slopes(of.of(3), values)[0])
    assert all(torch.equal(found[0], each) for each in found)


def noisy(sigma: float) -> Scenario:
    return scenario(run={"rounds": 2}, algorithm={"local_steps": 2}, lora={"perturbation": sigma})


def test_none_is_what_there_was_and_some_is_another_run() -> None:
    assert type(learnt_of(noisy(0.0)).gradients(torch.zeros(0), torch.zeros(0))) is Stacked
    once, again, none = (stepped(noisy(sigma)).models for sigma in (0.1, 0.1, 0.0))
    assert torch.equal(once, again)
    assert not torch.equal(once, none)


def test_a_device_in_a_round_of_its_own_has_the_noise_of_that_round() -> None:
    fleet = Learner(noisy(0.3)).fleet
    models = fleet.start() + 0.1
    scale = torch.arange(1.0, 6)[:, None].expand_as(models)
    apart = fleet.updates_of(models[[3, 1, 4]], [3, 1, 4], [2, 0, 2], Pull(scale=scale[[3, 1, 4]]))
    for row, (device, round_) in enumerate([(3, 2), (1, 0), (4, 2)]):
        own = fleet.updates(models, round_, Pull(scale=scale))
        torch.testing.assert_close(apart.updates[row], own.updates[device], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(apart.losses[row], own.losses[device])


@pytest.mark.parametrize("mode", ["barrier", "local"])
def test_a_resumed_run_ends_in_the_same_bytes(mode: str, tmp_path: Path) -> None:
    """With all that a device keeps from one training to the next."""
    keys = {"mode": mode, "rounds": 4, **({"period_s": 0.05} if mode == "local" else {})}
    adam = {"optimizer": "adamw", "lr": 0.01, "local_steps": 2, "amend": 0.3}
    case = scenario(run=keys, algorithm=adam, lora={"perturbation": 0.1, "alpha": 8.0}, output={"checkpoint_s": 0})
    run(case, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path / "cut", observer=Interrupt(1, KeyboardInterrupt()))
    run(case, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
    standings = [checkpoint.load(tmp_path / name / "checkpoint") for name in ("whole", "cut")]
    assert torch.equal(*(standing.models for standing in standings if standing is not None))
