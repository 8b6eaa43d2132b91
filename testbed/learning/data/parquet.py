"""Images in Hugging Face's Parquet layout: coded images (JPEG, PNG) in a column, decoded once and cached."""

import contextlib
import hashlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from testbed.errors import UserError
from testbed.learning.data.formats import Bytes, Raw, read_npz
from testbed.learning.data.saving import save_npz
from testbed.places import cache

COLUMNS = ("img", "image")


def has_parquet(folder: Path) -> bool:
    """Whether the folder has `train-*.parquet` or `test-*.parquet`."""
    return bool(_files(folder, "train") or _files(folder, "test"))


def read_parquet(folder: Path) -> Raw:
    """Both splits, from the cache where the same files were decoded before. Raises UserError on damage."""
    saved = cache() / "decoded" / f"{_digest(folder)}.npz"
    with contextlib.suppress(UserError):
        if saved.is_file():
            return read_npz(saved)
    raw = Raw(*_split(folder, "train"), *_split(folder, "test"))
    with contextlib.suppress(OSError):  # without a place to write, the next load decodes again
        save_npz(saved, raw._asdict())
    return raw


def _files(folder: Path, split: str) -> list[Path]:
    return sorted(folder.glob(f"{split}-*.parquet"))


def _digest(folder: Path) -> str:
    """Names what is decoded by the SHA-256 of all its files."""
    total = hashlib.sha256()
    for path in _files(folder, "train") + _files(folder, "test"):
        with path.open("rb") as content:
            total.update(path.name.encode() + hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:32]


def _split(folder: Path, split: str) -> tuple[Bytes, Bytes]:
    parts = [_file(path) for path in _files(folder, split)]
    if not parts:
        raise UserError(f"{folder} has no {split}-*.parquet beside the other split's files")
    return np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])


def _file(path: Path) -> tuple[Bytes, Bytes]:
    try:
        table = pq.read_table(path)
        column = next(name for name in COLUMNS if name in table.column_names)
        coded = table[column].combine_chunks().field("bytes")
        labels = table["label"].to_numpy().astype(np.uint8)
        return np.stack([_decode(image.as_py()) for image in coded]), labels
    except (pa.ArrowException, OSError, KeyError, StopIteration, ValueError, UnidentifiedImageError) as error:
        raise UserError(
            f"{path} is damaged, cut short, or not Parquet with the columns {' or '.join(COLUMNS)}, and label: {error}"
        ) from error


def _decode(coded: bytes) -> Bytes:
    with Image.open(io.BytesIO(coded), formats=("JPEG", "PNG")) as image:
        return np.asarray(image.convert("RGB"))
