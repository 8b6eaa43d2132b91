"""Sets of texts: found in the layouts that people have them in, read and checked.

A folder has `train` and `test`, each as `.tab` (Orange's: three header lines, then label, tab, text) or `.csv` (with
the columns `label` and `text`), also named `NAME-train` and `NAME-test` as in the wheel.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from testbed.errors import UserError
from testbed.learning.data.places import given, roots
from testbed.learning.data.sets import TEXTS, TextFacts
from testbed.learning.wheels import WHEELS, check

SPLITS = ("train", "test")
HEADER_LINES = 3
Rows = list[tuple[str, str]]


class Texts(NamedTuple):
    """Texts, and their labels (texts,) as numbers."""

    train: list[str]
    train_y: NDArray[np.int64]
    test: list[str]
    test_y: NDArray[np.int64]


def find_texts(name: str, data_dir: str | Path | None = None) -> Path | None:
    """The first folder that has files of the set, or None. Raises UserError if the user's folder does not exist."""
    own = given(data_dir)
    if own and not own.is_dir():
        raise UserError(f"the data folder {own} (--data-dir or TESTBED_DATA) is not there, or not a folder")
    folders = [folder for root in roots(name, data_dir) for folder in (root / name, root)]
    return next((folder for folder in folders if any(_file(folder, name, split) for split in SPLITS)), None)


def files_of(name: str, data_dir: str | Path | None = None) -> list[Path]:
    """The two files, of training and of test texts. Raises UserError if they are missing, with the command to type."""
    folder = find_texts(name, data_dir)
    if folder is None:
        looked = ", ".join(str(root) for root in roots(name, data_dir))
        raise UserError(
            f"the data set {name} is not on this machine (looked in {looked}); "
            f"get it with `testbed data fetch {name}`, or name a folder that has it by --data-dir or TESTBED_DATA"
        )
    found = [_file(folder, name, split) for split in SPLITS]
    for split, path in zip(SPLITS, found, strict=True):
        if path is None:
            raise UserError(f"{folder} lacks {split}.tab (or {split}.csv) beside the other file of {name}")
    return [path for path in found if path]


def _file(folder: Path, name: str, split: str) -> Path | None:
    names = [f"{stem}{end}" for stem in (split, f"{name}-{split}") for end in (".tab", ".csv")]
    return next((folder / own for own in names if (folder / own).is_file()), None)


def read_texts(name: str, files: list[Path]) -> Texts:
    """Both splits. Raises UserError for files that are damaged, of other texts, or of another set."""
    facts = TEXTS[name]
    (train, train_y), (test, test_y) = (
        _split(facts, split, path, count)
        for split, path, count in zip(SPLITS, files, (facts.train, facts.test), strict=True)
    )
    return Texts(train, train_y, test, test_y)


def _split(facts: TextFacts, split: str, path: Path, count: int) -> tuple[list[str], NDArray[np.int64]]:
    read: Callable[[Path, str], Rows] = _read_tab if path.suffix == ".tab" else _read_csv
    digest = WHEELS[facts.name].files[f"{split}.tab"].digest
    rows = [(label, text) for label, text in read(path, digest) if label and text.strip()]
    if len(rows) != count:
        raise UserError(
            f"{path} holds {len(rows)} texts with a label where {facts.name} has {count}: it is cut short, or of "
            "another data set or edition"
        )
    numbers = {label: number for number, label in enumerate(facts.classes)}
    for label, _ in rows:
        if label not in numbers:
            raise UserError(f"{path} has the label {label!r}; {facts.name} has {', '.join(facts.classes)}")
    return [text for _, text in rows], np.array([numbers[label] for label, _ in rows], np.int64)


def _read_tab(path: Path, digest: str) -> Rows:
    lines = check(path, digest).decode().split("\n")[HEADER_LINES:]
    return [(label, text) for label, tab, text in (line.partition("\t") for line in lines) if tab]


def _read_csv(path: Path, digest: str) -> Rows:
    """Whoever wrote the file chose quotes and ends of lines: there is no digest to hold it against."""
    types = pa.schema([("label", pa.string()), ("text", pa.string())])
    try:
        table = csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=["label", "text"]),
        )
    except (pa.ArrowException, OSError, KeyError) as error:
        raise UserError(f"{path} is damaged, or not CSV with the columns label and text: {error}") from error
    return list(zip(table["label"].to_pylist(), table["text"].to_pylist(), strict=True))
