"""What `testbed data list` shows: every data set, and whether it is here."""

from dataclasses import dataclass
from pathlib import Path

from testbed.learning.data.find import find
from testbed.learning.data.sets import SETS, Facts
from testbed.places import cache


@dataclass(frozen=True)
class Entry:
    """A data set as listed: training and test images, size of all when unpacked, whether it is here."""

    name: str
    images: str
    classes: int
    size: str
    state: str


def catalogue(data_dir: str | Path | None = None) -> list[Entry]:
    """All data sets with their state: embedded, cached at, found at, or missing and how to get it. Reads no images."""
    return [_entry(facts, data_dir) for facts in SETS.values()]


def _entry(facts: Facts, data_dir: str | Path | None) -> Entry:
    channels, height, width = facts.shape
    megabytes = facts.images * channels * height * width / 1e6
    images = f"{facts.train:,} + {facts.test:,} of {height}x{width}x{channels}"
    return Entry(facts.name, images, facts.classes, f"{megabytes:.0f} MB", _state(facts, data_dir))


def _state(facts: Facts, data_dir: str | Path | None) -> str:
    if facts.name == "mnist5k":
        return "embedded"
    found = find(facts.name, data_dir)
    if found is None:
        return f"missing: {facts.how}"
    return f"{'cached' if found.path.is_relative_to(cache()) else 'found'} at {found.path}"
