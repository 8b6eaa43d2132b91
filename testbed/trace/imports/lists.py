"""Lists of contacts, one a row: what their importers have in common."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.format import NodeRows
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import Layout
from testbed.trace.imports.intervals import LIMIT, TooMany, links_of
from testbed.trace.imports.names import Names
from testbed.trace.imports.rows import Batch, batches
from testbed.trace.imports.window import Window, hold_ns, inversions

Span = tuple[NDArray[np.int64], NDArray[np.int64]]
Quality = Callable[[Batch], dict[str, NDArray[np.float64]]]


class Gathered:
    """Columns that come batch by batch. Raises TooMany once they have more than `limit` rows."""

    def __init__(self, limit: int) -> None:
        self._limit, self.rows = limit, 0
        self._batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """One more batch, of the same columns."""
        self.rows += len(next(iter(batch.values())))
        self._batches.append(batch)
        if self.rows > self._limit:
            raise TooMany

    def whole(self) -> Batch:
        """All of them, in order."""
        batches, self._batches = self._batches, []
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def found_in(
    path: Path,
    layout: Layout,
    options: Options,
    report: Report,
    *,
    directed: bool,
    quality: Quality = lambda rows: {},
    network: dict[str, Any] | None = None,
) -> Found:
    """What is in a list with the columns `src`, `dst`, `start` and, where it has them, `end` or `duration`.

    `quality` makes the quality of the links from the other columns. Raises UserError with file and line.
    """
    window, hold, names = Window.of(options), hold_ns(options), Names(path)
    gathered, above = Gathered(LIMIT), None
    for batch in batches(path, layout, names, lambda rows: window.meets(*_span(rows, hold))):
        report.mended("out_of_order", "sorted", inversions(batch["start"], above))
        above = int(batch["start"][-1]) if len(batch["start"]) else above
        gathered.add(batch)
    rows = gathered.whole() if gathered.rows else {}
    if not rows:
        raise nothing(path, options)
    ids, place = names.sorted()
    links = links_of(
        report,
        place[rows["src"]],
        place[rows["dst"]],
        *window.clipped(*_span(rows, hold)),
        directed=directed,
        **quality(rows),
    )
    return Found(ids, links, NodeRows.none(), {"rows": gathered.rows, **(network or {})})


def _span(rows: Batch, hold: int) -> Span:
    """When each row starts and ends; one that says no end holds for `hold` ns."""
    if "end" in rows:
        return rows["start"], rows["end"]
    return rows["start"], rows["start"] + rows.get("duration", hold)


def nothing(path: Path, options: Options) -> UserError:
    """The error of a file without a single contact."""
    where = "" if options.from_s is None and options.to_s is None else " between --from and --to"
    return UserError(f"{path} holds no contact{where}.")
