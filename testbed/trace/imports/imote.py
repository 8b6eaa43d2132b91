"""Contact lists of iMotes and the like, as CRAWDAD has them: `id1 id2 start end number gap`, in seconds.

`id1` saw `id2`, so it hears it: directed. `number` and `gap` follow from the other columns and are passed over.
"""

from pathlib import Path

from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import Column, Kind, Layout
from testbed.trace.imports.lists import found_in
from testbed.trace.imports.recognise import all_numbers, rows_of

NAME = "imote"
ABOUT = "iMote and CRAWDAD contact lists: rows of six numbers, `id1 id2 start end number gap`, in seconds"

LAYOUT = Layout(
    (
        Column("dst", Kind.NODE),
        Column("src", Kind.NODE),
        Column("start", Kind.TIME),
        Column("end", Kind.TIME),
        None,
        None,
    )
)


def recognises(head: str) -> bool:
    """Whether every row has six numbers."""
    rows = rows_of(head, None)
    return bool(rows) and all(len(row) == 6 and all_numbers(row) for row in rows)


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file."""
    return found_in(path, LAYOUT, options, report, directed=True)
