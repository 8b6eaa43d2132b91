"""Where everything of an adapted model stands in a device's flat vector.

LoRA (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022) leaves a layer's weight W as it is and
learns what is added to it, B A, of rank r: A is (r, inputs), B (outputs, r). Component i of a layer is row i of A and
column i of B. Here s = alpha / r is folded into B, and B is kept transposed, so that a component is two rows.

A layer has room for the largest rank; what a device has less than that is zero, and neither travels nor counts.
Vectors hold first A of all layers, then B of all, then the parameters that are trained whole, as a new head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from testbed.learning.models import Parameter
from testbed.seeds import Purpose, generator

Kind = Literal["linear", "conv", "embedding"]


@dataclass(frozen=True)
class Target:
    """A layer that gets an adapter."""

    name: str
    """In the base model, as `named_modules` has it."""
    kind: Kind
    shape: tuple[int, ...]
    """Of its weight as torch has it: (outputs, inputs), (outputs, channels, height, width), (entries, outputs)."""

    @property
    def outputs(self) -> int:
        return self.shape[1] if self.kind == "embedding" else self.shape[0]

    @property
    def inputs(self) -> int:
        return torch.Size(self.shape).numel() // self.outputs


@dataclass(frozen=True)
class Site:
    """A layer with its adapter."""

    target: Target
    room: int
    """The largest rank."""
    components: slice
    """Among those of all layers."""
    a: slice
    """Columns of A, room x inputs."""
    b: slice
    """Columns of the transpose of B, room x outputs."""


class Layout:
    """Adapters of `targets` with room for `room` components each (a number, or one for each target), beside
    parameters of the base that are trained whole, as name and shape. ValueError for a rank that does not fit."""

    def __init__(
        self,
        targets: Sequence[Target],
        room: int | Sequence[int],
        whole: Sequence[tuple[str, tuple[int, ...]]] = (),
    ) -> None:
        rooms = [room] * len(targets) if isinstance(room, int) else list(room)
        for target, own in zip(targets, rooms, strict=True):
            most = min(target.inputs, target.outputs)
            if not 1 <= own <= most:
                raise ValueError(
                    f"rank {own} for layer {target.name!r} should be from 1 to {most}, the smaller side of its weight"
                )
        self.components = sum(rooms)
        a, b = 0, sum(own * target.inputs for target, own in zip(targets, rooms, strict=True))
        sites, first = [], 0
        for target, own in zip(targets, rooms, strict=True):
            ends = a + own * target.inputs, b + own * target.outputs
            sites.append(Site(target, own, slice(first, first + own), slice(a, ends[0]), slice(b, ends[1])))
            first, (a, b) = first + own, ends
        self.sites = tuple(sites)
        self._border = a, b
        whole_at, parameters = b, []
        for name, shape in whole:
            stop = whole_at + torch.Size(shape).numel()
            parameters.append(Parameter(name, shape, whole_at, stop, "head"))
            whole_at = stop
        self.whole = tuple(parameters)
        self.size = whole_at

    @property
    def parts(self) -> dict[str, slice]:
        """A, B and the parameters trained whole, in order; those that are not empty."""
        a, b = self._border
        parts = {"A": slice(0, a), "B": slice(a, b), "head": slice(b, self.size)}
        return {name: columns for name, columns in parts.items() if columns.stop > columns.start}

    @property
    def head(self) -> slice:
        """The columns of all parameters that are trained whole."""
        return slice(self._border[1], self.size)

    def factors(self, values: Tensor, site: Site) -> tuple[Tensor, Tensor]:
        """Views of A (..., room, inputs) and of B transposed (..., room, outputs) in vectors (..., size)."""
        rows = *values.shape[:-1], site.room
        return values[..., site.a].view(*rows, site.target.inputs), values[..., site.b].view(*rows, site.target.outputs)

    @cached_property
    def component_of(self) -> Tensor:
        """(size,) the component that a column belongs to; -1 for what is trained whole."""
        of = torch.full((self.size,), -1)
        for site in self.sites:
            numbers = torch.arange(site.components.start, site.components.stop)
            of[site.a] = numbers.repeat_interleave(site.target.inputs)
            of[site.b] = numbers.repeat_interleave(site.target.outputs)
        return of

    @cached_property
    def sides(self) -> tuple[Tensor, Tensor]:
        """(components,) numbers in a row of A, and in a row of B transposed."""
        rooms = torch.tensor([site.room for site in self.sites])
        inputs = torch.tensor([site.target.inputs for site in self.sites]).repeat_interleave(rooms)
        outputs = torch.tensor([site.target.outputs for site in self.sites]).repeat_interleave(rooms)
        return inputs, outputs

    def columns(self, a: Tensor, b: Tensor) -> Tensor:
        """Bool (..., size): the columns of the components `a` of A and `b` of B, both (..., components) bool, and
        of all that is trained whole."""
        columns = torch.ones(*a.shape[:-1], self.size, dtype=torch.bool)
        border, end = self._border
        columns[..., :border] = a[..., self.component_of[:border]]
        columns[..., border:end] = b[..., self.component_of[border:end]]
        return columns

    def nested(self, ranks: Tensor) -> Tensor:
        """Bool (..., components): the first components of each layer, as many as `ranks` (..., sites) says."""
        index = torch.cat([torch.arange(site.room) for site in self.sites])
        rooms = torch.tensor([site.room for site in self.sites])
        return index < ranks.repeat_interleave(rooms, dim=-1)

    def ranks(self, live: Tensor) -> Tensor:
        """(..., sites) how many components of each layer are `live` (..., components) bool."""
        return torch.stack([live[..., site.components].sum(-1) for site in self.sites], -1)

    def start(self, seed: int, head: Tensor) -> Tensor:
        """(size,) float32 before training: each row of A uniform in +-1 / sqrt(inputs), B zero, the parameters trained
        whole as in `head`.

        A row depends on the seed, the layer's place and the row's number alone: A of a smaller rank is the beginning of
        A of a larger one, on all devices.
        """
        values = torch.zeros(self.size)
        for number, site in enumerate(self.sites):
            a, _ = self.factors(values, site)
            for row in range(site.room):
                draw = generator(seed, Purpose.ADAPTERS, number, row).random(site.target.inputs)
                a[row] = torch.from_numpy((2 * draw - 1) / site.target.inputs**0.5)
        values[self.head] = head
        return values
