"""Tables as Markdown, CSV and LaTeX, and the files that hold them."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from testbed.report.spread import Spread
from testbed.tables import write_whole

NOT_RUN, NEVER = "", "-"
LATEX = {
    **{letter: rf"\{letter}" for letter in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"±": r"$\pm$", ">": "$>$", "<": "$<$", "…": r"\ldots{}"},
}


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """A table; the first row is its head. A bar in a cell would end it, and is escaped."""
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The same as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def latex(rows: Iterable[Sequence[str]]) -> str:
    """The same as LaTeX's tabular, with the rules of booktabs: text to the left, all else to the right."""
    head, *body = [[_escaped(cell) for cell in row] for row in rows]
    lines = [rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"\toprule", rf"{' & '.join(head)} \\", r"\midrule"]
    return "\n".join([*lines, *(rf"{' & '.join(row)} \\" for row in body), r"\bottomrule", r"\end{tabular}"])


def _escaped(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)


def spread_text(spread: Spread, digits: int, scale: float = 1.0) -> str:
    """Mean and standard deviation; how many seeds got there, where not all did; `-` where none did."""
    if not spread.values:
        return NOT_RUN
    if not spread.reached:
        return NEVER
    text = f"{scale * spread.mean:.{digits}f}"
    text += "" if math.isnan(spread.std) else f" ± {scale * spread.std:.{digits}f}"
    return text if spread.reached == len(spread.values) else f"{text} ({spread.reached} of {len(spread.values)})"


def decimals(value: float) -> int:
    """For three digits that count: as many as a mean over seeds is good for; of what is below 1, after the point."""
    return 3 if not 1 <= abs(value) < math.inf else max(0, 2 - math.floor(math.log10(abs(value))))


def number(value: float) -> str:
    """Six digits; nothing where there is none."""
    return "" if math.isnan(value) else f"{value:.6g}"


def write_text(file: Path, text: str) -> Path:
    """Whole or not at all, with one line feed at its end."""
    write_whole(file, (text.rstrip("\n") + "\n").encode())
    return file
