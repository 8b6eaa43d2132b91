"""Models of all kinds, and what they compute with W + B A put in place of W: one device by itself, by autograd."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from testbed.lora.attention import PROJECTIONS
from testbed.lora.layout import Layout, Site
from testbed.lora.model import Adapted, adapt

CLASSES, DEVICES, BATCH = 3, 4, 5
Case = tuple[nn.Module, Tensor, tuple[str, ...]]
"""A model, samples (DEVICES, BATCH, ...), and targets."""


class Mean(nn.Module):
    """Over the second dimension."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(1)


class Attends(nn.Module):
    """Attention of x to itself, or to the first half of its numbers, with masks, and a head on it."""

    def __init__(self, batch_first: bool, cross: bool, weights: bool) -> None:
        super().__init__()
        self.cross, self.weights, self.first = cross, weights, batch_first
        sizes = {"kdim": 4, "vdim": 4} if cross else {}
        self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first, **sizes)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.first else x.transpose(0, 1)
        other = x[..., :4] if self.cross else x
        padding = (other if self.first else other.transpose(0, 1))[:, :, 0] > 0.5
        padding[:, 0] = False
        mask = torch.ones(6, 6).triu(3).bool()
        if not self.cross:
            padding, mask = -2.0 * padding, torch.randn(6, 6, generator=draw(7))
        found, shares = self.attention(
            x, other, other, key_padding_mask=padding, attn_mask=mask, need_weights=self.weights
        )
        out: Tensor = self.head(found.mean(1 if self.first else 0))
        return out if shares is None else out + shares.sum((1, 2))[:, None] * shares[:, 0, 1:2]


class Encodes(nn.Module):
    """torch's encoder, with samples first or second."""

    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.5, batch_first=batch_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=batch_first)
        self.first, self.head = batch_first, nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        padding = torch.zeros(x.shape[:2], dtype=torch.bool)
        padding[:, -1] = True
        if self.first:
            return self.head(self.encoder(x, src_key_padding_mask=padding)[:, :-1].mean(1))  # type: ignore[no-any-return]
        return self.head(self.encoder(x.transpose(0, 1)).mean(0))  # type: ignore[no-any-return]


def draw(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def samples(*shape: int) -> Tensor:
    return torch.randn(DEVICES, BATCH, *shape, generator=draw(1))


def conv(**keys: object) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 3, **keys), nn.ReLU(inplace=True), nn.Conv2d(4, 4, (2, 1), bias=False)),  # type: ignore[arg-type]
        *(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, CLASSES)),
    )


def _token(x: Tensor) -> Tensor:
    return x.abs().mul(3).long().clamp(max=6)


CASES: dict[str, Callable[[], Case]] = {
    "linear": lambda: (
        nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Linear(8, 5, bias=False), nn.Linear(5, CLASSES)),
        samples(6),
        (),
    ),
    "alone": lambda: (nn.Sequential(nn.Flatten(), nn.Linear(6, CLASSES)), samples(2, 3), ()),
    "middle": lambda: (
        nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Flatten(1, 2), nn.Linear(8, 4), Mean(), nn.Linear(4, CLASSES)),
        samples(2, 3, 6),
        (),
    ),
    "conv": lambda: (conv(stride=2, padding=1), samples(3, 8, 8), ()),
    "dilated": lambda: (conv(dilation=2, padding="same"), samples(3, 8, 8), ()),
    "reflected": lambda: (conv(padding=(2, 1), padding_mode="reflect"), samples(3, 8, 8), ()),
    "embedding": lambda: (
        nn.Sequential(nn.Embedding(7, 4, padding_idx=2), Mean(), nn.Linear(4, CLASSES)),
        _token(samples(6)),
        ("0",),
    ),
    "self": lambda: (Attends(True, False, False), samples(6, 8), ("q_proj", "v_proj", "out_proj")),
    "self-second": lambda: (Attends(False, False, True), samples(6, 8), ("attention",)),
    "cross": lambda: (Attends(True, True, True), samples(6, 8), ("attention",)),
    "cross-second": lambda: (Attends(False, True, False), samples(6, 8), ("k_proj", "v_proj")),
    "encoder": lambda: (Encodes(True), samples(6, 8), ("q_proj", "v_proj", "linear1")),
    "encoder-second": lambda: (Encodes(False), samples(6, 8), ("self_attn", "linear1", "linear2")),
}


def case(name: str) -> tuple[nn.Module, Adapted, Tensor]:
    """The base, the model with adapters of rank up to 2, and samples."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        module, x, targets = CASES[name]()
    return module, adapt(module, x[0, 0], 2, targets), x


def different(model: Adapted) -> Tensor:
    """(DEVICES, size) values, each device with ranks of its own, from 0 to 2."""
    layout = model.layout
    values = model.start(1) + 0.3 * torch.randn(DEVICES, layout.size, generator=draw(2))
    ranks = torch.randint(3, (DEVICES, len(layout.sites)), generator=draw(3))
    live = layout.nested(ranks)
    return values.masked_fill(~layout.columns(live, live), 0.0)


def weights(module: nn.Module, layout: Layout, row: Tensor) -> dict[str, Tensor]:
    """All weights of the base with a device's own in place of them."""
    found = {name: weight.detach() for name, weight in module.named_parameters()}
    found |= {parameter.name: parameter.of(row) for parameter in layout.whole}
    for site in layout.sites:
        a = row[site.a].view(site.room, -1)
        b = row[site.b].view(site.room, -1)
        _add(found, site, a.T @ b if site.target.kind == "embedding" else b.T @ a)
    return found


def _add(found: dict[str, Tensor], site: Site, product: Tensor) -> None:
    layer, _, own = site.target.name.rpartition(".")
    packed = f"{layer}.in_proj_weight"
    if packed in found and own in PROJECTIONS[:3]:
        first = PROJECTIONS.index(own) * len(product)
        rows = torch.arange(first, first + len(product))
        found[packed] = found[packed].index_add(0, rows, product)
        return
    name = site.target.name + ("_weight" if own in PROJECTIONS[:3] else ".weight")
    found[name] = found[name] + product.view(found[name].shape)


def logits(module: nn.Module, layout: Layout, row: Tensor, x: Tensor) -> Tensor:
    """Of one device's x (batch, ...)."""
    for part in module.modules():
        if isinstance(part, nn.TransformerEncoder):
            part.use_nested_tensor = False  # warns of itself
    found: Tensor = functional_call(module.eval(), weights(module, layout, row), (x,))
    return found


def slope(module: nn.Module, layout: Layout, row: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient (size,) and loss of one device."""
    leaf = row.clone().requires_grad_()
    loss = cross_entropy(logits(module, layout, leaf, x), y)
    return torch.autograd.grad(loss, leaf)[0], loss.detach()
