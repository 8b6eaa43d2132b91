"""Structure, parts and start of the models."""

from typing import Literal

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from testbed.errors import UserError
from testbed.learning.models import build
from testbed.scenario import parse
from testbed.session.adapters import adapted_of, learnt_of

GREY, COLOUR = (1, 28, 28), (3, 32, 32)
ALL = [("logistic", GREY, 7850), ("mlp", GREY, 101770), ("cnn", GREY, 61706), ("cnn", COLOUR, 62006)]


@pytest.mark.parametrize(("name", "shape", "size"), ALL)
def test_sizes_flops_and_layout(name: str, shape: tuple[int, int, int], size: int) -> None:
    model = build(name, shape, 10, seed=1)
    assert model.spec.size == len(model.start()) == size
    with FlopCounterMode(display=False) as counter:
        model.module(torch.zeros(1, *shape))
    assert model.spec.flops == counter.get_total_flops()
    weights = dict(model.module.named_parameters())
    for key, view in model.spec.views(model.start()).items():
        assert torch.equal(view, weights[key])
    assert sorted(weights) == sorted(parameter.name for parameter in model.spec.parameters)


@pytest.mark.parametrize(("name", "shape", "size"), ALL)
def test_each_part_is_one_slice(name: str, shape: tuple[int, int, int], size: int) -> None:
    model = build(name, shape, 10, seed=1)
    layers = dict(model.module.named_children())
    for parameter in model.spec.parameters:
        part = "decision" if isinstance(layers[parameter.name.split(".")[0]], nn.Linear) else "representation"
        assert parameter.part == part
        assert model.spec.parts[part].start <= parameter.start < parameter.stop <= model.spec.parts[part].stop
    assert model.spec.parts["representation"].stop == model.spec.parts["decision"].start
    assert model.spec.parts["decision"].stop == size
    if name == "cnn":
        assert model.spec.parts["representation"] == slice(0, 2872 if shape == COLOUR else 2572)


def test_the_start_follows_from_the_seed_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = (build("cnn", COLOUR, 10, seed).start() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_start_of_he_has_weights_of_variance_two_by_inputs_and_no_biases() -> None:
    model = build("cnn", COLOUR, 10, seed=1, init="he")
    for key, view in model.spec.views(model.start()).items():
        if key.endswith("bias"):
            assert not view.any()
        else:
            inputs = view[0].numel()
            assert view.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=0.12)  # the smallest has 450 weights
            assert abs(view.mean().item()) < 0.2 * (2 / inputs) ** 0.5


@pytest.mark.parametrize("init", [None, "he"])
def test_a_scenario_says_how_whole_and_frozen_models_start(init: Literal["he"] | None) -> None:
    model = {"name": "cnn", "init": init}
    expected = build("cnn", GREY, 10, 1, init)
    assert torch.equal(learnt_of(parse({"model": model})).start(), expected.start())
    frozen = adapted_of(parse({"model": model, "lora": {"rank": 1}, "algorithm": {"name": "atc"}})).bases()
    assert torch.equal(frozen["0"], expected.module[0].weight)


def test_views_share_memory_with_the_fleet() -> None:
    model = build("logistic", GREY, 10, seed=1)
    models = model.start().repeat(3, 1)
    model.spec.views(models)["1.bias"][1] = 7
    assert (models[1, -10:] == 7).all()
    assert (models[0, -10:] != 7).all()


def test_unfit_images_and_unknown_names_are_told() -> None:
    with pytest.raises(UserError, match="takes images of 28x28 or 32x32, not 64x64"):
        build("cnn", (3, 64, 64), 10, 1)
    with pytest.raises(UserError, match="there are logistic, mlp, cnn"):
        build("resnet", GREY, 10, 1)
