"""Adapters in files: there and back, and every way in which a file does not fit."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.files import CONFIG, LARGEST_CONFIG, WEIGHTS, config, read, write
from testbed.lora.layout import Layout, Target

TARGETS = [Target("block.fc", "linear", (6, 5)), Target("conv", "conv", (4, 3, 2, 3)), Target("w", "embedding", (7, 4))]
LAYOUT = Layout(TARGETS, [3, 4, 2], [("head.weight", (3, 4)), ("head.bias", (3,))])
START = LAYOUT.start(5, torch.ones(15))


def values(*ranks: int) -> Tensor:
    live = LAYOUT.nested(torch.tensor(ranks))
    drawn = torch.randn(LAYOUT.size, generator=torch.Generator().manual_seed(1))
    return drawn.masked_fill(~LAYOUT.columns(live, live), 0.0)


def put(folder: Path, change: dict[str, Any] | None = None, ranks: tuple[int, int, int] = (2, 4, 1)) -> Path:
    """A file of that adapter, with tensors changed, or left out where None."""
    write(folder / "own", ("base", "b1"), LAYOUT, values(*ranks), ranks)
    file = folder / "own" / WEIGHTS
    state = load_file(file) | (change or {})
    save_file({name: tensor for name, tensor in state.items() if tensor is not None}, file)
    return file


@pytest.mark.parametrize("alpha", [None, 6.0])
def test_what_is_written_is_read_and_the_rest_begins_as_without_it(tmp_path: Path, alpha: float | None) -> None:
    ranks, row = (2, 4, 1), values(2, 4, 1)
    write(tmp_path / "own", ("base", "b1"), LAYOUT, row, ranks, alpha)
    found = read(tmp_path / "own" / WEIGHTS, LAYOUT, alpha, START, "b1")
    assert found.ranks == ranks
    for site, rank in zip(LAYOUT.sites, ranks, strict=True):
        a, b = LAYOUT.factors(found.values, site)
        own_a, own_b = LAYOUT.factors(row, site)
        torch.testing.assert_close(b.T @ a, own_b.T @ own_a)
        torch.testing.assert_close(a[:rank], own_a[:rank])
        assert torch.equal(a[rank:], LAYOUT.factors(START, site)[0][rank:])
        assert not b[rank:].any()
    assert torch.equal(found.values[LAYOUT.head], row[LAYOUT.head])


def test_half_numbers_are_read(tmp_path: Path) -> None:
    name = "base_model.model.block.fc.lora_A.weight"
    half = torch.randn(2, 5).to(torch.bfloat16)
    found = read(put(tmp_path, {name: half}), LAYOUT, None, START, "b1")
    assert torch.equal(LAYOUT.factors(found.values, LAYOUT.sites[0])[0][:2], half.float())


A = "base_model.model.block.fc.lora_A.weight"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({A: torch.zeros(4, 5)}, r"block.fc.lora_A.weight is \(4, 5\) and should be \(3, 5\)"),
        ({A: torch.zeros(3, 5)}, r"block.fc.lora_B.weight is \(6, 2\) and should be \(6, 3\)"),
        ({A: torch.zeros(2, 9)}, r"block.fc.lora_A.weight is \(2, 9\) and should be \(2, 5\)"),
        ({A: torch.zeros(())}, r"block.fc.lora_A.weight is \(\) and should be"),
        ({A: torch.zeros(0, 5)}, r"have block.fc.lora_A.weight"),
        ({A: None}, r"lack block.fc.lora_A.weight \(1 of 8"),
        ({"base_model.model.other.lora_A.weight": torch.zeros(2, 5)}, r"have other.lora_A.weight"),
        ({"block.fc.lora_A.weight": torch.zeros(2, 5)}, "twice"),
        ({A: torch.zeros(2, 5, dtype=torch.int64)}, "holds I64"),
        ({A: torch.full((2, 5), torch.inf)}, "not finite"),
    ],
)
def test_what_does_not_fit_is_named_with_the_file(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    file = put(tmp_path, change)
    with pytest.raises(UserError, match=rf"lora.start = {file}.*{words}"):
        read(file, LAYOUT, None, START, "b1")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "header too small"),
        (struct.pack("<Q", 2**62) + b"{}", "header too large"),
        (struct.pack("<Q", 90_000_000) + b"{}", "invalid header length"),
        (struct.pack("<Q", 2) + b"[]", "invalid JSON"),
        (b"\x80\x04cposix\nsystem\n", "header too large"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / WEIGHTS
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=words):
        read(file, LAYOUT, None, START, "b1")


def test_a_file_cut_short_and_a_folder_are_sentences(tmp_path: Path) -> None:
    file = put(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    for each in (file, tmp_path):
        with pytest.raises(UserError, match="cannot be read as safetensors"):
            read(each, LAYOUT, None, START, "b1")


@pytest.mark.parametrize(
    ("change", "alpha", "words"),
    [
        ({"lora_alpha": 16}, None, "counts 4 times, by lora.alpha here 1 times: set lora.alpha = 16"),
        ({"lora_alpha": 4, "alpha_pattern": {}, "use_rslora": True}, None, "set lora.alpha = "),
        ({}, 8.0, r"conv counts 1 times|fc counts 1 times"),
        ({"lora_alpha": "4"}, None, "is no number"),
        ({"lora_alpha": True}, None, "is no number"),
        ({"alpha_pattern": {".*": 3}}, None, "alpha_pattern for '.*'"),
        ({"alpha_pattern": [3]}, None, "alpha_pattern for"),
    ],
)
def test_a_configuration_that_scales_otherwise_is_refused(
    tmp_path: Path, change: dict[str, Any], alpha: float | None, words: str
) -> None:
    file = put(tmp_path)
    place = file.with_name(CONFIG)
    place.write_text(json.dumps(json.loads(place.read_text()) | change))
    with pytest.raises(UserError, match=words):
        read(file, LAYOUT, alpha, START, "b1")


@pytest.mark.parametrize("content", ["[]", "{", "[" * 100_000, '"' + "a" * LARGEST_CONFIG + '"'])
def test_a_damaged_configuration_is_a_sentence(tmp_path: Path, content: str) -> None:
    file = put(tmp_path)
    file.with_name(CONFIG).write_text(content)
    with pytest.raises(UserError, match="should be a table in JSON"):
        read(file, LAYOUT, None, START, "b1")


def test_without_a_configuration_the_scenario_alone_says_the_scale(tmp_path: Path) -> None:
    file = put(tmp_path)
    file.with_name(CONFIG).unlink()
    one, four = (read(file, LAYOUT, alpha, START, "b1").values for alpha in (None, 8.0))
    b = LAYOUT.sites[0].b
    torch.testing.assert_close(four[b], 4 * one[b])


def test_layers_of_rank_0_are_in_no_configuration() -> None:
    found = config("base", LAYOUT, (0, 4, 1), None)
    assert found["target_modules"] == "conv|w"
    assert (found["r"], found["rank_pattern"], found["modules_to_save"]) == (4, {"^w": 1}, ["head"])


def test_an_adapter_of_a_base_with_other_weights_is_refused(tmp_path: Path) -> None:
    """Its shapes fit, and the file says beside which weights it was trained; files that do not say it are taken."""
    write(tmp_path / "own", ("base", "b1"), LAYOUT, values(2, 4, 1), (2, 4, 1))
    file = tmp_path / "own" / WEIGHTS
    assert read(file, LAYOUT, None, START, "b1").ranks == (2, 4, 1)
    with pytest.raises(UserError, match="other weights"):
        read(file, LAYOUT, None, START, "b2")
