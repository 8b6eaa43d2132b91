"""Readers of the files that image sets come in: IDX (also gzipped), CIFAR binary, CIFAR's pickled batches, npz.

Every reader takes a folder (or file) and gives `Raw`; a file that is damaged, cut short or of another kind
raises a UserError that names it and says what is wrong.
"""

import gzip
import hashlib
import io
import math
import pickle
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError

Bytes = NDArray[np.uint8]
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
CIFAR_RECORD = 1 + 3 * 32 * 32


class Raw(NamedTuple):
    """Images (samples, height, width, channels) and labels (samples,), uint8 both, as they are in the files."""

    train_x: Bytes
    train_y: Bytes
    test_x: Bytes
    test_y: Bytes


def read_npz(path: Path) -> Raw:
    """Arrays saved under the names of `Raw`; nothing in such a file is ever executed."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return Raw(*(saved[name] for name in Raw._fields))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is damaged: {error}; delete it and try again") from error


def read_idx_folder(folder: Path, digests: Mapping[str, str]) -> Raw:
    """The four IDX files of MNIST and its kin, plain or .gz, checked against the SHA-256 of their content."""
    arrays = [_read_idx(_either(folder, name), digests.get(name)) for name in IDX]
    return Raw(arrays[0][..., None], arrays[1], arrays[2][..., None], arrays[3])


def has_idx(folder: Path) -> bool:
    """Whether any of the four files is there."""
    return any((folder / f"{name}{end}").is_file() for name in IDX for end in ("", ".gz"))


def _either(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise UserError(f"{folder} lacks {name} (or {name}.gz) beside the other files of the data set")


def _read_idx(path: Path, digest: str | None) -> Bytes:
    content = _unpacked(path)
    if len(content) < 8 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise UserError(f"{path} is not an IDX file of bytes, or its header is cut short")
    start = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:start], ">u4").tolist()
    if len(content) - start != math.prod(shape):
        raise UserError(f"{path} holds {len(content) - start} bytes of data where its header says {math.prod(shape)}")
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise UserError(f"{path} is whole but not this data set's file: its content has another SHA-256 than {digest}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read, or is damaged or cut short: {error}") from error


def read_cifar_binary(folder: Path) -> Raw:
    """CIFAR-10's binary version: records of a label and 3072 bytes, red, green and blue plane after each other."""
    batches = [_read_records(folder / f"{name}.bin") for name in BATCHES]
    return _joined([(records[:, 1:], records[:, 0]) for records in batches])


def _read_records(path: Path) -> Bytes:
    content = _content(path)
    if not content or len(content) % CIFAR_RECORD:
        raise UserError(f"{path} is cut short: {len(content)} bytes are no whole number of {CIFAR_RECORD}-byte records")
    return np.frombuffer(content, np.uint8).reshape(-1, CIFAR_RECORD)


def read_cifar_pickles(folder: Path) -> Raw:
    """CIFAR-10's Python version, which torchvision keeps: pickles, of which only arrays and containers are read."""
    return _joined([_read_pickle(folder / name) for name in BATCHES])


def _read_pickle(path: Path) -> tuple[Bytes, Bytes]:
    content = _content(path)
    try:
        batch = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        planes = np.asarray(batch[b"data"], np.uint8).reshape(-1, CIFAR_RECORD - 1)
        return planes, np.asarray(batch[b"labels"], np.uint8)
    except UserError as error:
        raise UserError(f"{path} {error}") from None
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(f"{path} is not a CIFAR-10 batch, or is damaged or cut short: {error!r}") from error


_REBUILD, _FROM_BUFFER = np.empty(0).__reduce__()[0], np.empty(0).__reduce_ex__(5)[0]
_HARMLESS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _REBUILD for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _FROM_BUFFER for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    """Can make numpy arrays and plain containers and nothing else, so that no code in a file is ever run."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise UserError(f"asks for {module}.{name}, which an image batch has no need of: refused, nothing was run")
        return _HARMLESS[module, name]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _joined(batches: list[tuple[Bytes, Bytes]]) -> Raw:
    """The last batch is the test set; planes (samples, 3 x 1024) become images (samples, 32, 32, 3)."""
    images = [np.ascontiguousarray(planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)) for planes, _ in batches]
    labels = [own for _, own in batches]
    return Raw(np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1])
