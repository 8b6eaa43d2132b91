"""Plain contact lists without a header, whose unit of time must be stated, as no such file says it.

Read are `a b start end` (white space), `a,b,start,duration`, and `a,b,start,number,flag` (two phones that met, when,
and nothing about how long: samples); `--columns` says other orders, as "a b start duration" or "start end src dst -".
"""

from pathlib import Path

from testbed.errors import UserError
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import Column, Kind, Layout, known_unit
from testbed.trace.imports.lines import head, refusal
from testbed.trace.imports.lists import found_in
from testbed.trace.imports.recognise import all_numbers, rows_of

NAME = "contacts"
ABOUT = "plain lists with a stated --time-unit: `a b start end`, `a,b,start,duration` or `a,b,start,number,flag`"

ORDERS = {(None, 4): "a b start end", (",", 4): "a b start duration", (",", 5): "a b start - -"}
"""By separator and number of columns, where nothing is stated."""
ROLES = {
    "a": ("src", Kind.NODE),
    "b": ("dst", Kind.NODE),
    "src": ("src", Kind.NODE),
    "dst": ("dst", Kind.NODE),
    "start": ("start", Kind.TIME),
    "end": ("end", Kind.TIME),
    "duration": ("duration", Kind.TIME),
}


def recognises(head: str) -> bool:
    """Whether every row has as many columns as such a list, and numbers from the third on."""
    separator = _separator(head)
    rows = rows_of(head, separator)
    return (
        bool(rows)
        and (separator, len(rows[0])) in ORDERS
        and all(len(row) == len(rows[0]) and all_numbers(row[2:]) for row in rows)
    )


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file."""
    if options.time_unit is None:
        raise UserError(f"{path} is a plain list and does not say its unit of time: state it with --time-unit.")
    unit, text = known_unit(options.time_unit), head(path)
    separator = _separator(text)
    words = _order(path, text, separator, options).split()
    columns = [Column(*ROLES[word], unit) if word in ROLES else None for word in words]
    layout = Layout(tuple(columns), separator)
    stated = {"columns": " ".join(words), "time_unit": unit}
    return found_in(path, layout, options, report, directed="src" in words, network=stated)


def _separator(head: str) -> str | None:
    """A comma, if the first row has one; else white space."""
    rows = rows_of(head, None)
    return "," if rows and any("," in cell for cell in rows[0]) else None


def _order(path: Path, text: str, separator: str | None, options: Options) -> str:
    """What the columns are, as stated or as usual. Raises UserError for columns that make no contact."""
    if options.columns is None:
        rows = rows_of(text, separator)
        width = len(rows[0]) if rows else 0
        if (separator, width) not in ORDERS:
            raise refusal(path, 1, f"the list has {width} columns: say with --columns what they are")
        return ORDERS[separator, width]
    if not _makes_contacts([word for word in options.columns.split() if word in ROLES]):
        raise UserError(
            f"--columns {options.columns!r} should name a b (or src dst), start, and end or duration if there is one, "
            "each once, with - for a column to pass over."
        )
    return options.columns


def _makes_contacts(words: list[str]) -> bool:
    nodes, times = [sorted(word for word in words if (ROLES[word][1] is Kind.NODE) is node) for node in (True, False)]
    return nodes in (["a", "b"], ["dst", "src"]) and times in (["start"], ["end", "start"], ["duration", "start"])
