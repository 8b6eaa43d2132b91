"""The settings of a sweep: every combination of its axes, under every seed."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from testbed.seeds import Purpose, generator
from testbed.sweep.file import Draws, Keys, SweepFile


@dataclass(frozen=True)
class Setting:
    """What one cell differs in from others, but for its seed, and how a person names it."""

    words: tuple[str, ...]
    keys: Keys
    entry: str = ""
    """The label of its entry of `[[list]]`, if that has one."""

    @property
    def label(self) -> str:
        return ", ".join(self.words)


def settings_of(file: SweepFile) -> list[Setting]:
    """List by grid by draws, in the order of the file."""
    lists = [(entry.label or "", _listed(entry.label, entry.keys), entry.keys) for entry in file.listed]
    draws = list(_draws(file.random)) if file.random else [((), {})]
    return [
        Setting((*words, *grid_words, *drawn_words), {**keys, **grid_keys, **drawn_keys}, entry)
        for (entry, words, keys), (grid_words, grid_keys), (drawn_words, drawn_keys) in product(
            lists or [("", (), {})], _grid(file), draws
        )
    ]


def count(file: SweepFile) -> int:
    """How many cells a file has, without making them."""
    lists, draws = len(file.listed) or 1, file.random.draws if file.random else 1
    return math.prod([lists, draws, len(file.seeds or [0]), *map(len, file.grid.values())])


def _listed(label: str | None, keys: Keys) -> tuple[str, ...]:
    return (label,) if label else tuple(word(key, value) for key, value in keys.items())


def _grid(file: SweepFile) -> list[tuple[tuple[str, ...], Keys]]:
    combinations = product(*file.grid.values())
    keyed = [dict(zip(file.grid, values, strict=True)) for values in combinations]
    return [(tuple(word(key, value) for key, value in keys.items()), keys) for keys in keyed]


def _draws(random: Draws) -> Iterator[tuple[tuple[str, ...], Keys]]:
    """A key's values do not depend on which other keys there are, nor on how many are drawn."""
    for number in range(random.draws):
        yield (
            (f"draw {number + 1}",),
            {
                key: spread.draw(generator(random.seed, Purpose.SWEEP, zlib.crc32(key.encode()), number))
                for key, spread in random.keys.items()
            },
        )


def word(key: str, value: Any) -> str:
    """A value as it is told: bare where its key is clear from it, else behind the key's last part."""
    name = key.rpartition(".")[2]
    return str(value) if name == "name" else f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
