"""The bytes of adapters in a message.

They stand behind the header of every message (`testbed.algorithms.common.message`), whose type is 5:

offset  bytes  what
0       1      type of the numbers, 1: float32, 2: float16, 3: int8
1       1      factors that are there, 1: A, 2: B, 3: both, 0: none
2       1      1: ranks, 2: bitmaps
3       1      zero
4       ...    a rank for each layer, 2 bytes each; or a bitmap of components for each factor, filled up to whole bytes
...     ...    rows of A, rows of B transposed, then the parameters trained whole; little-endian
...     ...    what a policy adds

Ranks will do where the components of every layer are its first ones, the same for both factors if both are there. The
layout itself does not travel: all devices adapt the same model. In int8 a row, or a parameter trained whole, is a
float32 scale, its largest magnitude / 127, and then its numbers / scale, rounded to the nearest.
"""

import struct
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

from testbed.exchange import HEADER_BYTES
from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout

DType = Literal["float32", "float16", "int8"]
TYPES: tuple[DType, ...] = ("float32", "float16", "int8")
NUMPY: dict[DType, np.dtype[Any]] = {"float32": np.dtype("<f4"), "float16": np.dtype("<f2"), "int8": np.dtype("i1")}
SCALE, LARGEST = np.dtype("<f4"), 127
FIELDS = struct.Struct("<BBBx")
RANKS, BITMAPS = 1, 2
RANK = np.dtype("<u2")
Count = TypeVar("Count", int, Tensor)


@dataclass(frozen=True)
class Code:
    """How adapters of one layout are written."""

    layout: Layout
    dtype: DType = "float32"

    def row_bytes(self) -> tuple[Tensor, Tensor]:
        """(components,) int64 bytes of a row of A, and of a row of B transposed."""
        inputs, outputs = self.layout.sides
        return self._bytes(inputs), self._bytes(outputs)

    def size_bytes(self, a: Tensor, b: Tensor) -> Tensor:
        """(rows,) int64 bytes of messages, header and all, that hold the rows `a` of A and `b` of B, bool (rows,
        components) each, without what a policy adds; 0 where there is nothing to send."""
        (rows_a, rows_b), bitmap = self.row_bytes(), -(-self.layout.components // 8)
        bitmaps = bitmap * (a.any(1).long() + b.any(1).long())
        which = torch.where(self._are_ranks(a, b), RANK.itemsize * len(self.layout.sites), bitmaps)
        size = HEADER_BYTES + FIELDS.size + which + (a * rows_a).sum(1) + (b * rows_b).sum(1) + self._head_bytes()
        return size if self.layout.whole else size.masked_fill(~(a | b).any(1), 0)

    def held(self, sent: Adapters) -> Adapters:
        """What receivers make of messages that hold `sent`."""
        masked = sent.masked(self.layout)
        match self.dtype:
            case "float32":
                return masked
            case "float16":
                return Adapters(masked.values.half().to(masked.values.dtype), sent.a, sent.b)
            case "int8":
                return Adapters(self._rounded(masked.values), sent.a, sent.b)

    def encode(self, values: Tensor, a: Tensor, b: Tensor, extra: bytes = b"") -> bytes:
        """The bytes of one message after its header: values (size,), rows `a` of A and `b` of B (components,)."""
        present = int(a.any()) + 2 * int(b.any())
        by_ranks = bool(self._are_ranks(a[None], b[None]))
        fields = FIELDS.pack(TYPES.index(self.dtype) + 1, present, RANKS if by_ranks else BITMAPS)
        if by_ranks:
            which = self.layout.ranks(a | b).numpy().astype(RANK).tobytes()
        else:
            which = b"".join(np.packbits(mask.numpy()).tobytes() for mask in (a, b) if mask.any())
        rows = b"".join(self._encode(values[columns]) for columns in self._rows(a, b))
        return fields + which + rows + extra

    def decode(self, data: bytes) -> tuple[Tensor, Tensor, Tensor, bytes]:
        """Values (size,), 0 where nothing was sent, the rows of A and of B (components,), and what a policy added.

        ValueError says what is wrong with other bytes.
        """
        if len(data) < FIELDS.size:
            raise ValueError(f"adapters take {FIELDS.size} bytes at least, here are {len(data)}")
        dtype, present, form = FIELDS.unpack_from(data)
        if dtype != TYPES.index(self.dtype) + 1 or present > 3 or form not in (RANKS, BITMAPS):
            raise ValueError(f"adapters of type {dtype}, factors {present}, form {form} are not {self.dtype} ones")
        masks, place = self._masks(data, present, form)
        values = torch.zeros(self.layout.size)
        for columns in self._rows(*masks):
            size = self._bytes(columns.stop - columns.start)
            if place + size > len(data):
                raise ValueError(f"adapters are cut short: {len(data)} bytes, {place + size} at least were written")
            values[columns] = self._decode(data[place : place + size])
            place += size
        return values, *masks, data[place:]

    def _masks(self, data: bytes, present: int, form: int) -> tuple[tuple[Tensor, Tensor], int]:
        """Rows of A and of B, and where they end."""
        components, place = self.layout.components, FIELDS.size
        size = RANK.itemsize * len(self.layout.sites) if form == RANKS else -(-components // 8)
        if place + size * (1 if form == RANKS else present.bit_count()) > len(data):
            raise ValueError(f"adapters are cut short: {len(data)} bytes do not hold what says which they are")
        masks = []
        for factor in (1, 2):
            mask = torch.zeros(components, dtype=torch.bool)
            if present & factor and form == RANKS:
                ranks = np.frombuffer(data, RANK, len(self.layout.sites), place).astype(np.int64)
                mask = self.layout.nested(torch.from_numpy(ranks))
            elif present & factor:
                bits = np.unpackbits(np.frombuffer(data, np.uint8, size, place), count=components)
                mask, place = torch.from_numpy(bits.astype(bool)), place + size
            masks.append(mask)
        return (masks[0], masks[1]), place + (size if form == RANKS else 0)

    def _rows(self, a: Tensor, b: Tensor) -> list[slice]:
        """Columns of each row that is there, of A, then of B, then each parameter that is trained whole."""
        rows = []
        for mask, factor in ((a, "a"), (b, "b")):
            for site in self.layout.sites:
                block: slice = getattr(site, factor)
                width = (block.stop - block.start) // site.room
                firsts = block.start + width * mask[site.components].nonzero()[:, 0]
                rows += [slice(first, first + width) for first in firsts.tolist()]
        return rows + [slice(parameter.start, parameter.stop) for parameter in self.layout.whole]

    def _are_ranks(self, a: Tensor, b: Tensor) -> Tensor:
        """(rows,) whether ranks say which components are there."""
        both = a | b
        nested = (self.layout.nested(self.layout.ranks(both)) == both).all(1)
        alike = (a == b).all(1) | ~a.any(1) | ~b.any(1)
        return nested & alike

    def _bytes(self, numbers: Count) -> Count:
        """Of a row of so many numbers."""
        return numbers * NUMPY[self.dtype].itemsize + (SCALE.itemsize if self.dtype == "int8" else 0)

    def _head_bytes(self) -> int:
        return sum(self._bytes(parameter.stop - parameter.start) for parameter in self.layout.whole)

    def _encode(self, row: Tensor) -> bytes:
        if self.dtype != "int8":
            return row.numpy().astype(NUMPY[self.dtype]).tobytes()
        scale = row.abs().max(0, keepdim=True).values / LARGEST
        return scale.numpy().astype(SCALE).tobytes() + _levels(row, scale).numpy().astype(NUMPY["int8"]).tobytes()

    def _decode(self, data: bytes) -> Tensor:
        if self.dtype != "int8":
            return torch.from_numpy(np.frombuffer(data, NUMPY[self.dtype]).astype(np.float32))
        scale = torch.from_numpy(np.frombuffer(data, SCALE, 1).astype(np.float32))
        return torch.from_numpy(np.frombuffer(data, NUMPY["int8"], offset=SCALE.itemsize).astype(np.float32)) * scale

    def _rounded(self, values: Tensor) -> Tensor:
        """What `_decode` makes of what `_encode` makes of the rows of many vectors (rows, size)."""
        of = self._row_of()
        index = of.expand_as(values)
        largest = values.new_zeros(len(values), int(of.max()) + 1).scatter_reduce(1, index, values.abs(), "amax")
        scale = (largest / LARGEST).gather(1, index)
        return _levels(values, scale) * scale

    def _row_of(self) -> Tensor:
        """(size,) a number for each row, and each parameter that is trained whole."""
        of, components = self.layout.component_of.clone(), self.layout.components
        of[self.layout.parts["B"]] += components
        for number, parameter in enumerate(self.layout.whole):
            of[parameter.start : parameter.stop] = 2 * components + number
        return of


def _levels(row: Tensor, scale: Tensor) -> Tensor:
    """Whole numbers from -127 to 127; 0 for a row of zeros."""
    return torch.where(scale > 0, row / scale, 0.0).round().clamp(-LARGEST, LARGEST)
