"""Texts as the numbers of tokens, made once by the model's own tokenizer and kept in the cache."""

import contextlib
import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.learning.data.formats import read_npz
from testbed.learning.data.saving import save_npz
from testbed.learning.data.sets import PAD
from testbed.learning.data.texts import files_of, read_texts
from testbed.learning.wheels import missing_extra
from testbed.places import cache

Ids = NDArray[np.int64]


class Tokens(NamedTuple):
    """Tokens (texts, length), `PAD` behind the end of a text, and labels (texts,)."""

    train_x: Ids
    train_y: Ids
    test_x: Ids
    test_y: Ids


def tokens(name: str, length: int, tokenizer: Path, data_dir: str | Path | None = None) -> Tokens:
    """The set of texts `name`, cut or filled up to `length` tokens, the ones at beginning and end included.

    `tokenizer`: a `tokenizer.json`. What is cached goes by the content of all files and the length. Raises UserError
    for files that are missing or damaged.
    """
    files = files_of(name, data_dir)
    saved = cache() / "tokens" / f"{_digest([*files, tokenizer], length)}.npz"
    with contextlib.suppress(UserError):
        if saved.is_file():
            return Tokens(*(array.astype(np.int64) for array in read_npz(saved)))
    texts = read_texts(name, files)
    made = Tokens(
        *(_encode(texts.train, length, tokenizer), texts.train_y),
        *(_encode(texts.test, length, tokenizer), texts.test_y),
    )
    with contextlib.suppress(OSError):  # without a place to write, the next load makes them again
        save_npz(saved, {key: array.astype(np.int32) for key, array in made._asdict().items()})
    return made


def _digest(files: list[Path], length: int) -> str:
    total = hashlib.sha256(f"{length}".encode())
    for path in files:
        try:
            total.update(path.suffix.encode() + hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from error
    return total.hexdigest()[:32]


def _encode(texts: list[str], length: int, path: Path) -> Ids:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise missing_extra("a set of texts", error) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise UserError(f"{path} is damaged, or not a tokenizer.json of Hugging Face's tokenizers: {error}") from error
    if tokenizer.token_to_id("[PAD]") != PAD:
        raise UserError(f"{path} is of another kind than BERT's: its token {PAD} is not [PAD]")
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=PAD)
    # A word is one token or more, whatever follows it: what comes after the first `length` words is cut off anyway.
    beginnings = [" ".join(text.split(None, length)[:length]) for text in texts]
    return np.array([encoded.ids for encoded in tokenizer.encode_batch(beginnings)], np.int64).reshape(-1, length)
