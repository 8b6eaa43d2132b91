"""What every importer takes and gives."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from testbed.trace.format import LinkRows, NodeRows


@dataclass(frozen=True)
class Options:
    """What a file does not say of itself, as its user states it; None where nothing was stated."""

    time_unit: str | None = None
    """Of plain lists: ns, us, ms, s, min, h or d."""
    from_s: float | None = None
    to_s: float | None = None
    """Rows outside this window, in the file's own seconds, are passed over as they are read."""
    hold_s: float | None = None
    """How long a sample holds; None: until the importer's own grain says."""
    channel: int | None = None
    """K7: one channel alone; None: all of them together."""
    range_m: float | None = None
    """Movement: nodes nearer than this are linked (disc model)."""
    step_s: float = 1.0
    """Movement: seconds between looks at the places."""
    columns: str | None = None
    """Of plain lists: what the columns are, in order, as "a b start end"; "-" for one to pass over."""


@dataclass(frozen=True)
class Oddity:
    """Something about a file that its grammar does not promise, and what was done about it."""

    reason: str
    """self_loop, duplicate, overlap, zero_length, backwards, out_of_order, missing_quality, ..."""
    count: int
    done: str
    """What became of those rows, in words: `left out`, `joined`, `sorted`, `kept as samples`, ..."""
    rejected: bool
    """Whether the rows were left out."""


@dataclass
class Report:
    """The oddities met while a file is read."""

    _counts: Counter[tuple[str, str, bool]] = field(default_factory=Counter)

    def rejected(self, reason: str, count: int = 1, done: str = "left out") -> None:
        """Rows of which nothing was kept."""
        self._counts[reason, done, True] += int(count)

    def mended(self, reason: str, done: str, count: int = 1) -> None:
        """Rows that were kept, and how."""
        self._counts[reason, done, False] += int(count)

    def oddities(self) -> list[Oddity]:
        """All that were met at least once, by reason."""
        return [Oddity(reason, n, done, rejected) for (reason, done, rejected), n in sorted(self._counts.items()) if n]


@dataclass(frozen=True)
class Found:
    """What a file holds, in the columns of a trace; `round` is NO_ROUND throughout."""

    names: tuple[str, ...]
    """Of the nodes, in order: their ids in the file."""
    links: LinkRows
    """In order of start, source and destination; those of one directed pair do not overlap."""
    nodes: NodeRows
    network: dict[str, Any] = field(default_factory=dict)
    """What else the file says (metric, channel, protocol, ...), as JSON values, for the header."""


class Importer(Protocol):
    """A module of this folder: one format."""

    NAME: str
    """As `--format` takes it."""
    ABOUT: str
    """One line: whose format, and how it is known."""

    @staticmethod
    def recognises(head: str) -> bool:
        """Whether the first 64 KiB of a file, unpacked and decoded, are of this format."""

    @staticmethod
    def read(path: Path, options: Options, report: Report) -> Found:
        """All of the file. Raises UserError, with file and line, for what is no such file."""
