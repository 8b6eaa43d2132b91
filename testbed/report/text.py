"""Tables as Markdown and as CSV, and the files that hold them."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from testbed.report.spread import Spread
from testbed.tables import write_whole

NOT_RUN, NEVER = "", "-"


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """A table; the first row is its head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The same as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def spread_text(spread: Spread, digits: int, scale: float = 1.0) -> str:
    """Mean and standard deviation; how many seeds got there, where not all did; `-` where none did."""
    if not spread.values:
        return NOT_RUN
    if not spread.reached:
        return NEVER
    text = f"{scale * spread.mean:.{digits}f}"
    text += "" if math.isnan(spread.std) else f" ± {scale * spread.std:.{digits}f}"
    return text if spread.reached == len(spread.values) else f"{text} ({spread.reached} of {len(spread.values)})"


def number(value: float) -> str:
    """Six digits; nothing where there is none."""
    return "" if math.isnan(value) else f"{value:.6g}"


def write_text(file: Path, text: str) -> Path:
    """Whole or not at all, with one line feed at its end."""
    write_whole(file, (text.rstrip("\n") + "\n").encode())
    return file
