"""What `adapt` makes of a model."""

import pytest
import torch
from torch import Tensor, nn

from testbed.errors import UserError
from testbed.learning.models import build
from testbed.lora.model import adapt
from tests.lora.dense import Attends, Encodes, Mean, case, draw

IMAGE = torch.rand(1, 28, 28, generator=draw(1))


def test_parameters_are_named_as_in_peft_and_lie_in_the_parts_of_the_layout() -> None:
    model = adapt(build("cnn", (1, 28, 28), 10, 1).module, IMAGE, [2, 3, 4, 5], name="cnn-lora")
    shapes = {parameter.name: parameter.shape for parameter in model.spec.parameters}
    assert shapes == {
        "0.lora_A.weight": (2, 1, 5, 5),
        "3.lora_A.weight": (3, 6, 5, 5),
        "7.lora_A.weight": (4, 400),
        "9.lora_A.weight": (5, 120),
        "0.lora_B.weight": (2, 6),
        "3.lora_B.weight": (3, 16),
        "7.lora_B.weight": (4, 120),
        "9.lora_B.weight": (5, 84),
        "11.weight": (10, 84),
        "11.bias": (10,),
    }
    stops = [0, *(parameter.stop for parameter in model.spec.parameters)]
    assert stops[:-1] == [parameter.start for parameter in model.spec.parameters]
    assert stops[-1] == model.spec.size == model.layout.size
    assert list(model.spec.parts) == ["A", "B", "head"]
    for parameter in model.spec.parameters:
        part = model.spec.parts[parameter.part]
        assert part.start <= parameter.start < parameter.stop <= part.stop
    assert model.spec.name == "cnn-lora"


def test_the_start_has_the_head_of_the_base() -> None:
    base = build("mlp", (1, 28, 28), 10, 1)
    model = adapt(base.module, IMAGE, 8)
    views = model.spec.views(model.start(5))
    assert torch.equal(views["3.weight"], base.module.get_parameter("3.weight"))
    assert torch.equal(views["3.bias"], base.module.get_parameter("3.bias"))


def test_the_module_given_stays_as_it_is_and_shares_its_weights() -> None:
    base = build("cnn", (1, 28, 28), 10, 1).module.train()
    model = adapt(base, IMAGE, 2)
    assert base.training
    assert all(weight.requires_grad for weight in base.parameters())
    assert type(base[0]) is nn.Conv2d
    own = dict(model.module.named_parameters())
    assert set(own) == {name for name, _ in base.named_parameters() if not name.startswith("11.")}
    for name, weight in own.items():
        assert weight.data_ptr() == base.get_parameter(name).data_ptr()
        assert not weight.requires_grad


@pytest.mark.parametrize("name", ["logistic", "mlp", "cnn"])
def test_flops_are_those_of_the_base_and_of_the_adapters(name: str) -> None:
    base = build(name, (1, 28, 28), 10, 1)
    model = adapt(base.module, IMAGE, 2)
    places = {"0": 28 * 28, "3": 10 * 10}
    adapters = sum(
        2 * 2 * (site.target.inputs + site.target.outputs) * places.get(site.target.name, 1)
        for site in model.layout.sites
    )
    assert model.spec.flops == base.spec.flops + adapters


def test_flops_of_attention() -> None:
    """Six entries of 8 numbers, projected four times by 8 x 8, and two products of 6 x 6 x 8; q and v adapted."""
    with torch.random.fork_rng(devices=[]):
        model = adapt(Attends(True, False, False), torch.rand(6, 8), 2, ("q_proj", "v_proj"))
    projections, products, adapters, head = 4 * 2 * 6 * 64, 2 * 2 * 36 * 8, 2 * 2 * 2 * 6 * 16, 2 * 8 * 3
    assert model.spec.flops == projections + products + adapters + head


def test_two_layers_that_are_one_share_their_adapter() -> None:
    shared = nn.Linear(4, 4)
    model = adapt(nn.Sequential(shared, nn.Tanh(), shared, nn.Linear(4, 2)), torch.rand(4), 2, ("0",))
    assert model.module.get_submodule("0") is model.module.get_submodule("2")
    assert [site.target.name for site in model.layout.sites] == ["0"]


def test_what_is_trained_whole_can_be_chosen() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    x = torch.rand(4)
    assert adapt(module, x, 2, ("0",)).spec.parts["head"] == slice(38 - 20, 38 - 20 + 18)
    assert "head" not in adapt(module, x, 2, ("0",), ()).spec.parts
    assert "head" not in adapt(module, x, 2, ("2",)).spec.parts
    assert [own.name for own in adapt(module, x, 2, ("2",), ("0",)).layout.whole] == ["0.weight", "0.bias"]
    with pytest.raises(UserError, match="'1' cannot be trained whole: it is no Linear; there are 0, 2"):
        adapt(module, x, 2, ("0",), ("1",))
    with pytest.raises(UserError, match="'0' is to be trained whole and has an adapter"):
        adapt(module, x, 2, ("0",), ("0",))


def test_a_rank_that_is_too_large_names_the_layer_and_the_most() -> None:
    module = build("cnn", (1, 28, 28), 10, 1).module
    with pytest.raises(UserError, match=r"lora\.rank: rank 8 for layer '0' should be from 1 to 6"):
        adapt(module, IMAGE, 8)
    with pytest.raises(UserError, match="2 ranks for 4 layers with adapters: 0, 3, 7, 9"):
        adapt(module, IMAGE, [2, 3])
    assert [site.room for site in adapt(module, IMAGE, 8, cap=True).layout.sites] == [6, 8, 8, 8]


class Mixes(nn.Module):
    """Samples, or samples and places in each other's stead."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.one, self.head = how, nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "second":
            return self.head(self.one(x.transpose(0, 1)).mean(0))  # type: ignore[no-any-return]
        x = self.one(x)
        return self.head(x - x.mean(0, keepdim=True)).mean(1)  # type: ignore[no-any-return]


@pytest.mark.parametrize("how", ["second", "mean"])
def test_a_model_that_mixes_samples_is_refused(how: str) -> None:
    with pytest.raises(UserError, match="keep its samples apart"):
        adapt(Mixes(how), torch.rand(2, 4, generator=draw(3)), 2, ("one",))


def test_a_layer_without_a_part_is_refused() -> None:
    module = Encodes(True)
    module.idle = nn.Linear(4, 4)
    with pytest.raises(UserError, match="layer idle has no part"):
        adapt(module, torch.rand(6, 8), 2, ("linear1", "idle"))


def test_an_answer_with_logits_in_it_is_taken() -> None:
    class Answer:
        def __init__(self, logits: Tensor) -> None:
            self.logits = logits

    class Answers(nn.Sequential):
        def forward(self, x: Tensor) -> Answer:
            return Answer(nn.Sequential.__call__(nn.Sequential(*self), x))

    plain = nn.Sequential(nn.Linear(4, 5), Mean(), nn.Linear(5, 3))
    x = torch.rand(3, 4)
    one, other = adapt(plain, x, 2), adapt(Answers(*plain), x, 2)
    values = one.start(1)[None] + 0.1
    assert torch.equal(one(values, x[None, None]), other(values, x[None, None]))


def test_a_case_has_several_devices() -> None:
    _, model, x = case("linear")
    assert model(model.start(1).expand(4, -1), x).shape == (4, 5, 3)
