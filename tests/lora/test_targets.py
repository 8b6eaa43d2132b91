"""Which layers get adapters."""

import pytest
import torch
from torch import nn

from testbed.errors import UserError
from testbed.learning.models import build
from testbed.lora.layout import Target
from testbed.lora.targets import adaptable, chosen, default, head
from tests.lora.dense import Encodes


def names(targets: list[Target]) -> list[str]:
    return [target.name for target in targets]


@pytest.mark.parametrize(("name", "expected"), [("logistic", ["1"]), ("mlp", ["1"]), ("cnn", ["0", "3", "7", "9"])])
def test_by_default_all_but_the_head_get_adapters(name: str, expected: list[str]) -> None:
    module = build(name, (1, 28, 28), 10, 1).module
    assert names(default(module)) == names(chosen(module, ())) == expected
    assert head(module) == {"logistic": "1", "mlp": "3", "cnn": "11"}[name]


def test_a_pattern_is_the_end_of_a_name() -> None:
    module = Encodes(True)
    assert names(chosen(module, ["linear1", "encoder.layers.1.self_attn.v_proj"])) == [
        "encoder.layers.0.linear1",
        "encoder.layers.1.self_attn.v_proj",
        "encoder.layers.1.linear1",
    ]
    assert names(chosen(module, ["0.self_attn"])) == [
        f"encoder.layers.0.self_attn.{own}_proj" for own in ("q", "k", "v", "out")
    ]
    with pytest.raises(UserError, match=r"fits no layer of the model; there are encoder\.layers\.0\.self_attn\.q_proj"):
        chosen(module, ["linear1", "near1"])


def test_shapes_are_those_of_the_weights() -> None:
    module = nn.ModuleDict(
        {
            "words": nn.Embedding(7, 4),
            "conv": nn.Conv2d(3, 4, (2, 5)),
            "cross": nn.MultiheadAttention(8, 2, kdim=3, vdim=5, bias=False),
        }
    )
    found = {name: (target.kind, target.shape) for name, target in adaptable(module).items()}
    assert found == {
        "words": ("embedding", (7, 4)),
        "conv": ("conv", (4, 3, 2, 5)),
        "cross.q_proj": ("linear", (8, 8)),
        "cross.k_proj": ("linear", (8, 3)),
        "cross.v_proj": ("linear", (8, 5)),
        "cross.out_proj": ("linear", (8, 8)),
    }


class Odd(nn.Linear):
    """Of one's own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (nn.LayerNorm(4), "is LayerNorm; it can be put beside Linear, Conv2d"),
        (nn.Conv2d(4, 4, 1, groups=2), "groups = 2"),
        (nn.Embedding(5, 4, max_norm=1.0), "max_norm"),
        (nn.MultiheadAttention(4, 2, add_bias_kv=True), "add_bias_kv"),
        (Odd(4, 4), "is Odd"),
    ],
)
def test_a_layer_that_cannot_be_adapted_is_named_with_the_reason(layer: nn.Module, why: str) -> None:
    module = nn.ModuleDict({"block": nn.ModuleDict({"one": layer}), "fc": nn.Linear(4, 4)})
    with pytest.raises(UserError, match=rf"beside layer block\.one: it .*{why}"):
        chosen(module, ["one"])
    assert names(default(module)) == ["fc"]


def test_there_has_to_be_a_layer() -> None:
    with pytest.raises(UserError, match="no linear layer and no convolution"):
        default(nn.Sequential(nn.ReLU()))
