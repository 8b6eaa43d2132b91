"""Pretrained models: structure without their files, and what is said of files that are not theirs."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from testbed.errors import UserError
from testbed.learning import backbones, wheels
from testbed.learning.backbones import lite, minilm
from testbed.learning.models import build

LITE_FILE = "efficientnet-lite0-57934424.pth"
SMALL = {
    **{"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12},
    **{"vocab_size": 30, "max_position_embeddings": 16},
}


def lite_state() -> dict[str, Tensor]:
    """Drawn weights under the names that the real file has."""
    theirs = {ours: own for own, ours in lite.NAMES.items()}
    draw = torch.Generator().manual_seed(0)
    state = {}
    for key, value in lite.Lite0(1000).state_dict().items():
        name = key.replace("depthwise.1", "depthwise")
        parts = [theirs.get(part, theirs.get(f"{part}.1", part)) for part in name.split(".")]
        own = ".".join(parts).replace("classifier", "_fc")
        state[own] = torch.rand(value.shape, generator=draw) if value.dtype == torch.float32 else value
    return state


def save_lite(folder: Path, monkeypatch: pytest.MonkeyPatch, state: object) -> None:
    """As the known file from now on."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / LITE_FILE)
    digest = hashlib.sha256((folder / LITE_FILE).read_bytes()).hexdigest()
    known = replace(wheels.WHEELS["efficientnet-lite0"], files={LITE_FILE: wheels.File("", digest)})
    monkeypatch.setitem(wheels.WHEELS, "efficientnet-lite0", known)


def save_bert(folder: Path, **changes: Any) -> dict[str, Tensor]:
    """A small BERT of a user's own; its tensors."""
    pytest.importorskip("transformers")
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    config = minilm.CONFIG | SMALL | {"architectures": ["BertModel"]} | changes
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "model.safetensors"):
        (folder / name).write_bytes(b"")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        module = minilm.outline(str(folder), 4) if not changes else None
    state = {key[5:]: value for key, value in module.state_dict().items() if key.startswith("bert.")} if module else {}
    save_file(state, folder / "model.safetensors")
    return state


def test_lite0_is_the_known_architecture() -> None:
    module: Any = backbones.skeleton("efficientnet-lite0", 1000)
    assert sum(parameter.numel() for parameter in module.parameters()) == 4_652_008
    assert sum(parameter.numel() for parameter in module.classifier.parameters()) == 1_281_000
    assert all(parameter.device.type == "meta" for parameter in module.parameters())
    pointwise = [module.get_submodule(name) for name in backbones.targets("efficientnet-lite0", module)]
    assert len(pointwise) == 31
    assert all(type(layer) is nn.Conv2d and layer.kernel_size == layer.stride == (1, 1) for layer in pointwise)


def test_minilm_is_the_known_architecture() -> None:
    pytest.importorskip("transformers")
    module: Any = backbones.skeleton("minilm", 8)
    assert sum(parameter.numel() for parameter in module.parameters()) == 22_565_376 + 385 * 8
    assert len(module.state_dict()) == 104 - len(minilm.UNUSED) + 2
    names = backbones.targets("minilm", module)
    assert len(names) == 12
    assert sum(8 * sum(module.get_submodule(name).weight.shape) for name in names) == 73_728
    with pytest.raises(UserError, match=r"lora\.target has 'q_proj', in which no layer of minilm ends"):
        backbones.targets("minilm", module, ("query", "q_proj"))


@pytest.mark.parametrize("side", [1, 2, 5, 8, 13])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_same_padding_is_tensorflows(side: int, kernel: int, stride: int) -> None:
    """Output i looks at the inputs that begin at i stride - before; before is half of what is lacking, rounded down."""
    x = torch.arange(1.0, side + 1).expand(1, 1, side, side)
    out = nn.functional.conv2d(lite.Same(kernel, stride)(x), torch.eye(kernel)[None, None], stride=stride)
    wanted = -(-side // stride)
    before = max((wanted - 1) * stride + kernel - side, 0) // 2
    assert out.shape == (1, 1, wanted, wanted)
    inside = range(side)
    for i in range(wanted):  # of the diagonal of ones: rows i stride - before + d, columns likewise
        places = [i * stride - before + d for d in range(kernel)]
        assert out[0, 0, i, i].item() == sum(place + 1 for place in places if place in inside)


def test_lite0_is_filled_frozen_and_begins_by_the_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = lite_state()
    save_lite(tmp_path, monkeypatch, state)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    make: Any = backbones.build
    one, same, other = (make("efficientnet-lite0", 10, seed, str(tmp_path)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.classifier.weight, same.classifier.weight)
    assert not torch.equal(one.classifier.weight, other.classifier.weight)
    found = one.state_dict()
    assert torch.equal(found["blocks.3.depthwise.1.weight"], state["_blocks.3._depthwise_conv.weight"])
    assert torch.equal(found["blocks.15.norm2.running_var"], state["_blocks.15._bn2.running_var"])
    trained = [name for name, parameter in one.named_parameters() if parameter.requires_grad]
    assert trained == ["classifier.weight", "classifier.bias"]
    assert not any(layer.training for layer in one.train().modules())
    grey = torch.rand(2, 1, 28, 28)
    with torch.no_grad():
        assert torch.equal(one(grey), one(grey.repeat(1, 3, 1, 1)))
        assert one(grey).shape == (2, 10)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_flops_of_lite0_are_those_that_torch_counts(shape: tuple[int, int, int]) -> None:
    with FlopCounterMode(display=False) as counter:
        lite.Lite0(10).eval()(torch.zeros(1, *shape))
    skeleton = backbones.skeleton("efficientnet-lite0", 10)
    assert backbones.flops("efficientnet-lite0", skeleton, shape) == counter.get_total_flops()


def test_flops_of_minilm_are_those_that_torch_counts(tmp_path: Path) -> None:
    save_bert(tmp_path)
    module: Any = backbones.build("minilm", 4, 1, str(tmp_path))
    module.bert.set_attn_implementation("eager")  # products in fused attention are not counted on a CPU
    with FlopCounterMode(display=False) as counter:
        module(torch.ones(1, 10, dtype=torch.int64))
    skeleton = backbones.skeleton("minilm", 4, str(tmp_path))
    assert backbones.flops("minilm", skeleton, (10,)) == counter.get_total_flops()


def test_what_pads_a_text_changes_nothing(tmp_path: Path) -> None:
    state = save_bert(tmp_path)
    module: Any = backbones.build("minilm", 4, 1, str(tmp_path))
    assert torch.equal(module.bert.embeddings.word_embeddings.weight, state["embeddings.word_embeddings.weight"])
    text = torch.randint(1, 30, (3, 6), generator=torch.Generator().manual_seed(0))
    padded = nn.functional.pad(text, (0, 7))
    with torch.no_grad():
        assert (module(text) - module(padded)).abs().max() < 1e-6
        states = module.bert(input_ids=text).last_hidden_state
        by_hand = states.mean(1) @ module.classifier.weight.T + module.classifier.bias
        assert (module(padded) - by_hand).abs().max() < 1e-6
        empty = module(torch.zeros(1, 6, dtype=torch.int64))
    assert empty.isfinite().all()


def test_missing_models_name_the_command(tmp_path: Path) -> None:
    for name in backbones.BACKBONES:
        pytest.importorskip("transformers") if name == "minilm" else None
        with pytest.raises(UserError, match=f"`testbed data fetch {name}`.*model.path"):
            backbones.build(name, 4, 1)
        with pytest.raises(UserError, match=f"model.path = '{tmp_path}' should be a folder with the files of {name}"):
            backbones.build(name, 4, 1, str(tmp_path))


Spoil = Callable[[dict[str, Tensor]], object]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda state: state.pop("_bn0.weight"), "lacks 1 tensors of the model, norm0.weight among them"),
        (lambda state: state.update(_se=torch.zeros(1)), "has 1 tensors that the model has no place for, _se"),
        (lambda state: state.update({"_bn0.weight": torch.zeros(31)}), "does not fit the model"),
    ],
)
def test_a_lite0_of_other_tensors_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Spoil, words: str
) -> None:
    state = lite_state()
    spoil(state)
    save_lite(tmp_path, monkeypatch, state)
    with pytest.raises(UserError, match=words) as caught:
        backbones.build("efficientnet-lite0", 4, 1, str(tmp_path))
    assert str(tmp_path / LITE_FILE) in str(caught.value)


def test_a_damaged_lite0_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_lite(tmp_path, monkeypatch, lite_state())
    file = tmp_path / LITE_FILE
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"57934424\.pth is damaged, cut short or another file"):
        backbones.build("efficientnet-lite0", 4, 1, str(tmp_path))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda state: state.pop("embeddings.LayerNorm.bias"), "lacks 1 tensors of the model, embeddings.LayerNorm"),
        (lambda state: state.update(lora_A=torch.zeros(1)), "has 1 tensors that the model has no place for, lora_A"),
        (lambda state: state.update({"embeddings.LayerNorm.bias": torch.zeros(9)}), r"of \(9,\).*asks for \(8,\)"),
    ],
)
def test_a_bert_of_other_tensors_is_refused(tmp_path: Path, spoil: Spoil, words: str) -> None:
    state = save_bert(tmp_path)
    from safetensors.torch import save_file

    spoil(state)
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=words) as caught:
        backbones.build("minilm", 4, 1, str(tmp_path))
    assert str(tmp_path / "model.safetensors") in str(caught.value)


def test_a_bert_may_have_the_tensors_that_are_not_used(tmp_path: Path) -> None:
    state = save_bert(tmp_path)
    from safetensors.torch import save_file

    save_file(state | {name: torch.zeros(1) for name in minilm.UNUSED}, tmp_path / "model.safetensors")
    assert not backbones.build("minilm", 4, 1, str(tmp_path)).training


def test_what_is_no_bert_is_refused(tmp_path: Path) -> None:
    save_bert(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-5])
    with pytest.raises(UserError, match=r"model\.safetensors is damaged, cut short, or not safetensors"):
        backbones.build("minilm", 4, 1, str(tmp_path))
    for changes, words in (({"architectures": ["GPT2"]}, r"is of \['GPT2'\]"), ({"pad_token_id": 1}, "padded with 1")):
        save_bert(tmp_path, **changes)
        with pytest.raises(UserError, match=words):
            backbones.build("minilm", 4, 1, str(tmp_path))
    for content in ("{", "[]", "{}"):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(UserError, match=r"config\.json is damaged, or not the config\.json of a BertModel"):
            backbones.build("minilm", 4, 1, str(tmp_path))


def test_the_known_minilm_must_be_the_known_one(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    save_bert(tmp_path / "cache" / "minilm")
    with pytest.raises(UserError, match=r"model\.safetensors is damaged, cut short or another file"):
        backbones.build("minilm", 4, 1)


@pytest.mark.parametrize("name", ["minilm", "efficientnet-lite0"])
def test_whole_training_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=rf'model\.name = "{name}" is pretrained.*\[lora\]'):
        build(name, (64,), 8, 1)


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers.models.bert.configuration_bert", None)
    with pytest.raises(UserError, match="needs the package transformers, which is not installed: install the extra"):
        backbones.build("minilm", 4, 1)
