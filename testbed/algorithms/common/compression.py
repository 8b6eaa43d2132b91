"""Codes that make messages shorter: their exact bytes, and what receivers make of them.

Each code is there twice: for all devices at once on tensors, which is what runs compute, and as `encode` and `decode`,
vector to bytes and back, which shows that the bytes that a run counts do hold it (`message.py` puts a header before).
What a receiver knows anyway, how many values there are and the code's settings, does not travel.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Vector = NDArray[np.float32]
"""(values,)"""


@dataclass(frozen=True)
class TopK:
    """The share `keep` of the values, one at least, that are largest in magnitude; the others become 0.

    Bytes: their places, then the values as float32. Places are a bit for every value, or numbers of as few bits as the
    largest place needs, whichever is shorter.
    """

    keep: float

    def kept(self, values: int) -> int:
        """How many values are sent."""
        return max(1, round(self.keep * values))

    def size_bytes(self, values: int) -> int:
        """Of the code of so many values."""
        places = min(values, self.kept(values) * _width(values))
        return _bytes(places) + 4 * self.kept(values)

    def held(self, vectors: Tensor) -> Tensor:
        """What receivers make of each row of `vectors` (devices, values)."""
        places = self._places(vectors)
        return torch.zeros_like(vectors).scatter(1, places, vectors.gather(1, places))

    def encode(self, vector: Vector) -> bytes:
        places = np.sort(self._places(torch.from_numpy(vector)[None])[0].numpy())
        if self._is_list(len(vector)):
            head = _pack(places, _width(len(vector)))
        else:
            head = _pack(np.isin(np.arange(len(vector)), places).astype(np.int64), 1)
        return head + _float32(vector[places])

    def decode(self, data: bytes, values: int) -> Vector:
        kept, vector = self.kept(values), np.zeros(values, np.float32)
        if self._is_list(values):
            places = _unpack(data, _width(values), kept)
        else:
            places = np.flatnonzero(_unpack(data, 1, values))
        vector[places] = np.frombuffer(data[-4 * kept :], "<f4")
        return vector

    def _is_list(self, values: int) -> bool:
        return self.kept(values) * _width(values) < values

    def _places(self, vectors: Tensor) -> Tensor:
        return vectors.abs().topk(self.kept(vectors.shape[1]), dim=1, sorted=False).indices


@dataclass(frozen=True)
class Quantised:
    """Values rounded at random to one of s = 2^(bits-1) - 1 levels and a sign, with v the vector and d its length:

        sign(v) |v|_2 / (s t) floor(s |v_k| / |v|_2 + random),    t = 1 + min(d / s^2, sqrt(d) / s)

    QSGD (Alistarh et al., NeurIPS 2017), scaled down by t so that it shrinks the distance to v on average (Koloskova et
    al., ICML 2019). Bytes: |v|_2 / (s t) as float32, then `bits` bits a value. 2 bits at least.
    """

    bits: int

    def size_bytes(self, values: int) -> int:
        """Of the code of so many values."""
        return 4 + _bytes(self.bits * values)

    def held(self, vectors: Tensor, random: Tensor) -> Tensor:
        """What receivers make of each row of `vectors` (devices, values); `random`: the same shape, in [0, 1)."""
        codes, scales = self._codes(vectors, random)
        return codes * scales

    def encode(self, vector: Vector, random: Vector) -> bytes:
        codes, scales = self._codes(torch.from_numpy(vector)[None], torch.from_numpy(random)[None])
        shifted = codes[0].numpy().astype(np.int64) + self._levels
        return _float32(scales[0].numpy()) + _pack(shifted, self.bits)

    def decode(self, data: bytes, values: int) -> Vector:
        codes = (_unpack(data[4:], self.bits, values) - self._levels).astype(np.float32)
        vector: Vector = codes * np.frombuffer(data[:4], "<f4")
        return vector

    @property
    def _levels(self) -> int:
        return (1 << self.bits - 1) - 1

    def _codes(self, vectors: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        """Signed levels (devices, values), and what one level is worth (devices, 1)."""
        levels, values = self._levels, vectors.shape[1]
        norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
        shares = vectors / torch.where(norms > 0, norms, 1)
        codes = vectors.sign() * (levels * shares.abs() + random).floor().clamp(max=levels)
        return codes, norms / (levels * (1 + min(values / levels**2, values**0.5 / levels)))


@dataclass(frozen=True)
class Lattice:
    """Whole multiples of the `spacing` s, modulo 2^bits: q = round(x / s) mod 2^b. With a reference y that is within
    (2^b - 1) s / 2 of x in every coordinate, x is found again up to s / 2:

        2^b s round(y / (2^b s) - q / 2^b) + s q

    The lattice quantiser of SwarmSGD (after Davies et al., "New Bounds for Distributed Mean Estimation and Variance
    Reduction", ICLR 2021), with the plain cubic lattice and no random shift: our reading.
    Bytes: s as float32, then `bits` bits a value.
    """

    bits: int
    spacing: float

    def size_bytes(self, values: int) -> int:
        """Of the code of so many values."""
        return 4 + _bytes(self.bits * values)

    def codes(self, vectors: Tensor) -> Tensor:
        """q of `vectors` (devices, values), in their type."""
        return (vectors / self._step).round().remainder(self._codes)

    def near(self, codes: Tensor, reference: Tensor) -> Tensor:
        """What `codes` mean to those whose vectors are `reference`, all (devices, values)."""
        period = self._codes * self._step
        return period * (reference / period - codes / self._codes).round() + self._step * codes

    def encode(self, vector: Vector) -> bytes:
        codes = self.codes(torch.from_numpy(vector)).numpy().astype(np.int64)
        return _float32(np.array([self.spacing])) + _pack(codes, self.bits)

    def decode(self, data: bytes, reference: Vector) -> Vector:
        codes = torch.from_numpy(_unpack(data[4:], self.bits, len(reference)).astype(np.float32))
        found: Vector = self.near(codes, torch.from_numpy(reference)).numpy()
        return found

    @property
    def _codes(self) -> int:
        return 1 << self.bits

    @property
    def _step(self) -> float:
        """s as it travels."""
        return float(np.float32(self.spacing))


def _width(values: int) -> int:
    """Bits of the largest place among so many values."""
    return max(1, (values - 1).bit_length())


def _float32(values: NDArray[np.floating]) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()


def _bytes(bits: int) -> int:
    return (bits + 7) // 8


def _pack(numbers: NDArray[np.int64], bits: int) -> bytes:
    """Numbers of so many bits each, one after the other, the lowest bit first."""
    return np.packbits((numbers[:, None] >> np.arange(bits) & 1).astype(np.uint8), bitorder="little").tobytes()


def _unpack(data: bytes, bits: int, count: int) -> NDArray[np.int64]:
    found = np.unpackbits(np.frombuffer(data, np.uint8), count=bits * count, bitorder="little")
    numbers: NDArray[np.int64] = (found.reshape(count, bits).astype(np.int64) << np.arange(bits)).sum(1)
    return numbers
