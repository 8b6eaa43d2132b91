"""Pretrained models that adapters stand beside: loaded strictly, frozen, with a new head `classifier` for our labels.

Each is in evaluation mode for good: no dropout, and batch norms with the statistics that they came with, so that
nothing but parameters is there to be mixed between devices. Only the head is left to be trained whole.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from testbed.errors import UserError
from testbed.learning.backbones import lite, minilm
from testbed.learning.backbones.files import folder_of
from testbed.seeds import Purpose, integer

__all__ = ["BACKBONES", "HEAD", "Backbone", "build", "flops", "folder_of", "skeleton", "targets"]

HEAD = "classifier"


@dataclass(frozen=True)
class Backbone:
    """How a kind of pretrained model is made, and what its adapters are by default."""

    outline: Callable[[str | None, int], nn.Module]
    """(path, classes) to the module with whatever weights torch gives it; needs no files without a path."""
    fill: Callable[[nn.Module, str | None], None]
    """Put the pretrained weights in, all of them or none."""
    flops: Callable[[nn.Module, tuple[int, ...]], int]
    """(module, shape of a sample) to FLOPs of its forward pass; an addition and a multiplication count as two."""
    targets: tuple[str, ...]
    """Ends of the names of the layers that get adapters, unless the scenario says others."""


BACKBONES: dict[str, Backbone] = {
    "minilm": Backbone(minilm.outline, minilm.fill, minilm.flops, ("query", "value")),
    "efficientnet-lite0": Backbone(lite.outline, lite.fill, lite.flops, ("expand", "project")),
}


def build(name: str, classes: int, seed: int, path: str | None = None) -> nn.Module:
    """The pretrained model `name` with its weights, and a head that follows from the seed as torch initialises it.

    `path`: a folder of the user's; else what `testbed data fetch` got. From images (samples, channels, height, width)
    of 0..1, or tokens (samples, length), to logits (samples, classes). Raises UserError for files that are missing,
    damaged, or of another model.
    """
    kind = BACKBONES[name]
    with torch.random.fork_rng(devices=[]):
        module = kind.outline(path, classes)
        torch.default_generator.manual_seed(integer(seed, Purpose.MODEL))
        head = nn.Linear(getattr(module, HEAD).in_features, classes)
    kind.fill(module, path)
    setattr(module, HEAD, head)
    module.requires_grad_(False)
    head.requires_grad_(True)
    return module.eval()


def skeleton(name: str, classes: int, path: str | None = None) -> nn.Module:
    """The model's layers on torch's `meta` device: their names and shapes, no numbers. Without a path it needs no
    files."""
    with torch.device("meta"):
        return BACKBONES[name].outline(path, classes).requires_grad_(False).eval()


def flops(name: str, module: nn.Module, shape: tuple[int, ...]) -> int:
    """Of one sample's forward pass, of a module or its skeleton; `shape` as `testbed.learning.data.shape_of` has it."""
    return BACKBONES[name].flops(module, shape)


def targets(name: str, module: nn.Module, ends: tuple[str, ...] = ()) -> list[str]:
    """Names of the linear layers, convolutions and embeddings that end in one of `ends`, or in the model's own.

    Raises UserError for an end that no such layer has.
    """
    layers = [own for own, layer in module.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding)]
    ends = ends or BACKBONES[name].targets
    for end in ends:
        if not any(_ends(layer, end) for layer in layers):
            raise UserError(f"lora.target has {end!r}, in which no layer of {name} ends; the last is {layers[-1]!r}")
    return [layer for layer in layers if any(_ends(layer, end) for end in ends) and layer != HEAD]


def _ends(layer: str, end: str) -> bool:
    return f".{layer}".endswith(f".{end}")
