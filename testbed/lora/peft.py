"""Adapters to and from state dicts with peft's names, shapes and scaling (peft 0.21: `<module>.lora_A.weight`).

Of a linear layer A is (r, inputs), B (outputs, r); of a convolution A (r, channels, height, width), B (outputs, r, 1,
1); of an embedding A (r, entries), B (outputs, r). Projections of torch's attention are layers by themselves here
(`testbed.lora.attention`), which they are not in peft.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.layout import Layout, Site
from testbed.lora.names import name_of

PREFIX = "base_model.model."
"""What peft's own files have before every name."""


def peft_names(layout: Layout, row: Tensor, ranks: Sequence[int], alpha: float | None = None) -> dict[str, Tensor]:
    """The state dict of a device, copies throughout.

    row: (size,) its values. ranks: one for each site, whose first components count; a layer of rank 0 is left out, as
    peft has none. alpha: peft's `lora_alpha`; B is divided by the alpha / rank that is folded into it here, and None
    stands for alpha = rank. ValueError where the row has more components than that.
    """
    if (
        layout.nested(torch.tensor(ranks))
        .logical_not()[layout.component_of[: layout.head.start]]
        .logical_and(row[: layout.head.start] != 0)
        .any()
    ):
        raise ValueError(f"the values have components beyond the ranks {list(ranks)}")
    state = {parameter.name: parameter.of(row).clone() for parameter in layout.whole}
    for site, rank in zip(layout.sites, ranks, strict=True):
        if rank:
            a, b = layout.factors(row, site)
            shapes = _shapes(site, rank)
            state[name_of(site.target, "A")] = a[:rank].clone().view(shapes[0])
            state[name_of(site.target, "B")] = (b[:rank].mT / _scale(alpha, rank)).contiguous().view(shapes[1])
    return state


def from_peft(layout: Layout, state: Mapping[str, Tensor], ranks: Sequence[int], alpha: float | None = None) -> Tensor:
    """(size,) float32, the values of a device with these ranks: `peft_names` backwards.

    Raises UserError for adapters of another base, or of other ranks: names that are missing or that nothing here has,
    and other shapes. Nothing is passed over.
    """
    given = {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}
    check(layout, {name: tuple(tensor.shape) for name, tensor in given.items()}, ranks)
    row = torch.zeros(layout.size)
    for parameter in layout.whole:
        parameter.of(row).copy_(given[parameter.name])
    for site, rank in zip(layout.sites, ranks, strict=True):
        if rank:
            a, b = layout.factors(row, site)
            a[:rank] = given[name_of(site.target, "A")].flatten(1)
            b[:rank] = given[name_of(site.target, "B")].flatten(1).mT * _scale(alpha, rank)
    return row


def check(layout: Layout, given: Mapping[str, tuple[int, ...]], ranks: Sequence[int]) -> None:
    """Raises UserError, as `from_peft` does, for adapters of the shapes `given`, by name without `PREFIX`."""
    wanted = {parameter.name: parameter.shape for parameter in layout.whole}
    for site, rank in zip(layout.sites, ranks, strict=True):
        if rank:
            names = name_of(site.target, "A"), name_of(site.target, "B")
            wanted |= dict(zip(names, _shapes(site, rank), strict=True))
    _check(given, wanted)


def ranks_of(layout: Layout, given: Mapping[str, tuple[int, ...]]) -> list[int]:
    """The rank of each site that the shapes of A say, at most its room; the room where there is no A."""
    shapes = [given.get(name_of(site.target, "A"), ()) for site in layout.sites]
    return [min((*shape[:1], site.room)) for shape, site in zip(shapes, layout.sites, strict=True)]


def _shapes(site: Site, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of A and B in peft."""
    target = site.target
    if target.kind == "conv":
        return (rank, *target.shape[1:]), (target.outputs, rank, 1, 1)
    return (rank, target.inputs), (target.outputs, rank)


def _scale(alpha: float | None, rank: int) -> float:
    return 1.0 if alpha is None else alpha / rank


def _check(given: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(wanted.keys() - given.keys()):
        raise UserError(
            f"The adapters lack {missing[0]} ({len(missing)} of {len(wanted)} tensors): they are of another model."
        )
    if unknown := sorted(given.keys() - wanted.keys()):
        raise UserError(
            f"The adapters have {unknown[0]} ({len(unknown)} tensors that have no place here): they are of another "
            "model, or of a layer that is to have rank 0."
        )
    for name, shape in wanted.items():
        if given[name] != shape:
            raise UserError(
                f"{name} is {given[name]} and should be {shape}: the adapters are of another rank, or of another model."
            )
