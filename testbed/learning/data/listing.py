"""What `testbed data list` shows: every data set and pretrained model, and whether it is here."""

from dataclasses import dataclass
from pathlib import Path

from testbed.learning.data.find import find
from testbed.learning.data.sets import SETS, TEXTS, Facts, TextFacts
from testbed.learning.data.texts import find_texts
from testbed.learning.wheels import WHEELS
from testbed.places import cache

PRETRAINED = {"minilm": ("transformer, 22.6 M parameters", 91), "efficientnet-lite0": ("network, 3.4 M parameters", 19)}
"""What a model holds without its head, and its size in MB."""


@dataclass(frozen=True)
class Entry:
    """A data set or model as listed: training and test samples, size of all when unpacked, whether it is here."""

    name: str
    holds: str
    classes: int | None
    size: str
    state: str


def catalogue(data_dir: str | Path | None = None) -> list[Entry]:
    """All data sets, then all pretrained models, with their state: embedded, cached at, found at, or missing and how
    to get it. Reads no file."""
    texts = [_text_entry(facts, data_dir) for facts in TEXTS.values()]
    return [*(_entry(facts, data_dir) for facts in SETS.values()), *texts, *map(_model_entry, PRETRAINED)]


def _text_entry(facts: TextFacts, data_dir: str | Path | None) -> Entry:
    found, how = find_texts(facts.name, data_dir), f"testbed data fetch {facts.name}"
    holds = f"{facts.train:,} + {facts.test:,} texts"
    return Entry(facts.name, holds, len(facts.classes), f"{facts.megabytes:.0f} MB", _place(found, how))


def _model_entry(name: str) -> Entry:
    holds, megabytes = PRETRAINED[name]
    place = cache() / name
    here = place if all((place / file).is_file() for file in WHEELS[name].files) else None
    return Entry(name, holds, None, f"{megabytes} MB", _place(here, f"testbed data fetch {name}"))


def _entry(facts: Facts, data_dir: str | Path | None) -> Entry:
    channels, height, width = facts.shape
    megabytes = facts.images * channels * height * width / 1e6
    images = f"{facts.train:,} + {facts.test:,} of {height}x{width}x{channels}"
    return Entry(facts.name, images, facts.classes, f"{megabytes:.0f} MB", _state(facts, data_dir))


def _state(facts: Facts, data_dir: str | Path | None) -> str:
    if facts.name == "mnist5k":
        return "embedded"
    found = find(facts.name, data_dir)
    return _place(found.path if found else None, facts.how)


def _place(path: Path | None, how: str) -> str:
    if path is None:
        return f"missing: {how}"
    return f"{'cached' if path.is_relative_to(cache()) else 'found'} at {path}"
