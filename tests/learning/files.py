"""Made-up data sets of a few images, in every layout that is read."""

import gzip
import io
import pickle
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from PIL import Image

from testbed.learning.data import sets
from testbed.learning.data.formats import BATCHES, IDX

TRAIN, TEST = 25, 10


def grey(monkeypatch: pytest.MonkeyPatch, name: str = "mnist") -> list[bytes]:
    """Contents of four IDX files of a tiny `name`, which from now on is that small and has their digests."""
    import hashlib

    draw = np.random.default_rng(0)
    contents = [
        idx(draw.integers(256, size=(TRAIN, 28, 28))),
        idx(np.arange(TRAIN) % 10),
        idx(draw.integers(256, size=(TEST, 28, 28))),
        idx(np.arange(TEST) % 10),
    ]
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in zip(IDX, contents, strict=True)}
    shrink(monkeypatch, name, digests=digests)
    return contents


def shrink(monkeypatch: pytest.MonkeyPatch, name: str, **other: object) -> None:
    """Makes the data set `name` one of 25 + 10 images."""
    monkeypatch.setitem(sets.SETS, name, replace(sets.SETS[name], train=TRAIN, test=TEST, **other))  # type: ignore[arg-type]


def idx(array: NDArray[np.int64]) -> bytes:
    """An IDX file of bytes."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )


def write_idx(folder: Path, contents: list[bytes], *, packed: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(IDX, contents, strict=True):
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)


def colour() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """35 images (35, 32, 32, 3) and their labels: five training batches of 5 and a test batch of 10."""
    draw = np.random.default_rng(1)
    count = TRAIN + TEST
    return draw.integers(256, size=(count, 32, 32, 3), dtype=np.uint8), (np.arange(count) % 10).astype(np.uint8)


def batches() -> list[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
    """(name, planes (n, 3072), labels (n,)) of CIFAR-10's six batches."""
    images, labels = colour()
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    cuts = [5, 10, 15, 20, 25]
    return list(zip(BATCHES, np.split(planes, cuts), np.split(labels, cuts), strict=True))


def write_binary(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, planes, labels in batches():
        (folder / f"{name}.bin").write_bytes(np.concatenate([labels[:, None], planes], 1).tobytes())


def write_pickles(folder: Path, protocol: int) -> None:
    folder.mkdir(parents=True)
    for name, planes, labels in batches():
        batch = {b"batch_label": b"made up", b"labels": labels.tolist(), b"data": planes, b"filenames": [b"a.png"]}
        (folder / name).write_bytes(pickle.dumps(batch, protocol))


def write_parquet(folder: Path, column: str = "img") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = colour()
    for split, part in (("train", slice(0, TRAIN)), ("test", slice(TRAIN, None))):
        coded = [{"bytes": png(image), "path": "a.png"} for image in images[part]]
        pq.write_table(pa.table({column: coded, "label": labels[part].astype(np.int64)}), folder / f"{split}-0.parquet")


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
