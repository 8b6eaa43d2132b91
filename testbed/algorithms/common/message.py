"""The bytes of a message: a small fixed header, then the values as little-endian float32, or a code of them.

offset  bytes  what
0       4      b"TBMX"
4       1      version of this layout, 1
5       1      type of the values, 1: float32; bytes of a code (`compression.py`): 2: top-k, 3: quantised, 4: lattice;
               5: bytes of adapters (`testbed/lora/wire.py`)
6       2      zero
8       4      sender
12      4      round
16      4      degree: how many neighbours the sender hears, for the receivers' mixing weights
20      4      number of values; of a code, number of bytes
24      4      CRC-32 of bytes 0 to 23 and of the values
28      ...    the values
"""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import HEADER_BYTES

MAGIC, VERSION = b"TBMX", 1
_FIELDS = struct.Struct("<4sBBHIIII")
_CHECK = struct.Struct("<I")


class Kind(IntEnum):
    """Type of the values."""

    FLOAT32 = 1
    TOP_K = 2
    QUANTISED = 3
    LATTICE = 4
    ADAPTERS = 5

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return np.dtype("<f4" if self is Kind.FLOAT32 else "u1")


@dataclass(frozen=True)
class Message:
    """What a device puts on the air in one round."""

    sender: int
    round: int
    degree: int
    values: NDArray[np.float32] | NDArray[np.uint8]
    """(values,), or the bytes of their code."""
    kind: Kind = Kind.FLOAT32


def size_bytes(values: int) -> int:
    """Bytes of a message that holds so many values; 0 for none, which is not sent at all."""
    return HEADER_BYTES + 4 * values if values else 0


def encode(message: Message) -> bytes:
    """The bytes of a message. ValueError for one without values: it is not sent."""
    if not message.values.size:
        raise ValueError("a message without values is not sent")
    payload = np.ascontiguousarray(message.values, message.kind.dtype).tobytes()
    fields = _FIELDS.pack(
        MAGIC, VERSION, message.kind, 0, message.sender, message.round, message.degree, message.values.size
    )
    return fields + _CHECK.pack(zlib.crc32(payload, zlib.crc32(fields))) + payload


def decode(data: bytes) -> Message:
    """The message that `encode` made into `data`. ValueError says what is wrong with other bytes."""
    if len(data) < HEADER_BYTES:
        raise ValueError(f"a message has at least {HEADER_BYTES} bytes, this has {len(data)}")
    magic, version, kind, _, sender, round_, degree, count = _FIELDS.unpack_from(data)
    if magic != MAGIC:
        raise ValueError(f"a message begins with {MAGIC!r}, this with {magic!r}")
    if version != VERSION or kind not in set(Kind):
        raise ValueError(f"message of version {version} and type {kind}; known are {VERSION} and 1 to {max(Kind)}")
    dtype = Kind(kind).dtype
    if len(data) != (size := HEADER_BYTES + dtype.itemsize * count):
        raise ValueError(f"a message of {count} values has {size} bytes, this has {len(data)}")
    payload = data[HEADER_BYTES:]
    if _CHECK.unpack_from(data, _FIELDS.size) != (zlib.crc32(payload, zlib.crc32(data[: _FIELDS.size])),):
        raise ValueError(f"the message of device {sender} in round {round_} is damaged: its checksum does not fit")
    return Message(sender, round_, degree, np.frombuffer(payload, dtype), Kind(kind))
