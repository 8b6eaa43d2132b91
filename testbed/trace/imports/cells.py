"""What a row of text is made of, and how one cell is read: slowly, exactly, and with a reason when it is wrong."""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS
from testbed.trace.imports.names import Coded, fault

UNITS = {"ns": (0, 1), "us": (3, 1), "ms": (6, 1), "s": (9, 1), "min": (9, 60), "h": (9, 3600), "d": (9, 86400)}
"""Of time: its decimals down to a nanosecond, and, of what is longer than a second, its seconds."""
TIME_LIMIT_NS = 2**62 - 1
"""Times lie within 146 years of 0, so that sums and differences of two fit as well."""
NUMBER_LIMIT = 2.0**53
"""Up to which a float holds every integer."""
MISSING = ["", "nan", "NaN", "NA", "null"]
"""How a file says that it does not know a number, or an end."""
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
DIGITS = 64
"""Characters of a number, at most."""


class Kind(Enum):
    """What stands in a column."""

    NODE = "node"
    TIME = "time"
    END = "end"
    """A time that may be missing: the end is open."""
    NUMBER = "number"
    """NaN where it is missing."""
    WORD = "word"


@dataclass(frozen=True)
class Column:
    """One that is read."""

    name: str
    kind: Kind
    unit: str = "s"
    """Of a time: a key of UNITS."""
    low: float = -NUMBER_LIMIT
    high: float = NUMBER_LIMIT
    """The range of a number."""
    like: tuple[re.Pattern[str], str] | None = None
    """Of a node or word: all that it may be, and how to say that."""


@dataclass(frozen=True)
class Layout:
    """The columns of a line, in order; None where one is passed over."""

    columns: tuple[Column | None, ...]
    separator: str | None = None
    """None: any white space."""
    optional: int = 0
    """How many of the last columns a row may lack."""
    header_line: int = 0
    """Up to which the file holds no rows."""

    def wanted(self) -> list[tuple[int, Column]]:
        """Those that are read, and where they stand."""
        return [(place, column) for place, column in enumerate(self.columns) if column]


def known_unit(unit: str) -> str:
    """A unit of time as it was stated. Raises UserError for another."""
    if unit not in UNITS:
        raise UserError(f"--time-unit {unit!r} should be one of {', '.join(UNITS)}.")
    return unit


def fields(text: str, separator: str | None) -> list[str]:
    """The cells of a line; none if it is blank or a comment. Raises ValueError for quotes that do not match."""
    if not text.strip() or text.lstrip().startswith("#"):
        return []
    if separator is None:
        return text.split()
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise ValueError(str(error)) from None


def cell(column: Column, text: str) -> Any:
    """What a cell says: str, int nanoseconds or float. Raises ValueError, in words, where it says nothing."""
    match column.kind:
        case Kind.NODE | Kind.WORD:
            if said := complaint(column, text):
                raise ValueError(said)
            return text
        case Kind.END if text in MISSING or (column.unit == "ns" and text == str(OPEN_NS)):
            return OPEN_NS
        case Kind.TIME | Kind.END:
            return exact_ns(text, column.unit)
    if text in MISSING:
        return float("nan")
    if not column.low <= number(text) <= column.high:
        raise ValueError(f"{column.name} {_shown(text)} should lie in {column.low:g}..{column.high:g}")
    return float(text)


def complaint(column: Column, text: str) -> str | None:
    """What is wrong about a node or word, if anything."""
    if column.like and not column.like[0].fullmatch(text):
        return f"{_shown(text)} should be {column.like[1]}"
    return fault(text)


def column_of(kind: Kind, cells: list[Any]) -> Any:
    """The values of `cell` as one column: int64, float64, or Coded."""
    if kind not in (Kind.NODE, Kind.WORD):
        return np.array(cells, np.float64 if kind is Kind.NUMBER else np.int64)
    codes: dict[str, int] = {}
    rows = [codes.setdefault(text, len(codes)) for text in cells]
    return Coded(list(codes), np.array(rows, np.int32))


def number(text: str) -> Decimal:
    """A finite number. Raises ValueError, in words, for what is none."""
    if len(text) > DIGITS or not NUMBER.fullmatch(text):
        raise ValueError(f"{_shown(text)} is no number")
    return Decimal(text)


def exact_ns(text: str, unit: str = "s") -> int:
    """A time as integer nanoseconds, rounded to the nearest. Raises ValueError, in words, for what is none."""
    decimals, seconds = UNITS[unit]
    value = number(text)
    if value.adjusted() <= 20:
        ns = int((value.scaleb(decimals) * seconds).to_integral_value())
        if abs(ns) <= TIME_LIMIT_NS:
            return ns
    raise ValueError(f"the time {_shown(text)} is out of range")


def _shown(text: str) -> str:
    """What is quoted of a cell."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
