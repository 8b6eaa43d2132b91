"""The files of a figure: pictures, and the same numbers as tables."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from testbed.errors import UserError
from testbed.report.metrics import Metric
from testbed.report.paired import Difference
from testbed.report.series import Series
from testbed.report.style import save
from testbed.report.tables import csv_rows, text_rows
from testbed.report.text import csv_text, latex, markdown, write_text
from testbed.report.words import METHOD

TABLES = (".md", ".csv", ".tex")
ALL = (".png", ".svg", *TABLES)
"""What a name without an ending stands for."""
KNOWN = (".png", ".svg", ".pdf", *TABLES)


def files_of(out: Path | Sequence[Path]) -> list[Path]:
    """The files to write. Raises UserError for an ending that is none of KNOWN."""
    files = [file for each in ([out] if isinstance(out, Path) else out) for file in _expanded(each)]
    for file in files:
        if file.suffix not in KNOWN:
            raise UserError(f"{file} should end in one of {', '.join(KNOWN)}, or have no ending for all but .pdf.")
    return list(dict.fromkeys(files))


def _expanded(out: Path) -> list[Path]:
    return [out] if out.suffix else [out.with_name(out.name + ending) for ending in ALL]


def write(
    figure: Figure,
    files: Sequence[Path],
    about: Sequence[str],
    series: Sequence[Series],
    metrics: Sequence[Metric],
    target: float,
    found: dict[str, list[Difference]],
) -> None:
    """`about`: a title, a caption, and what else there is to say. `found`: differences by the name of their measure."""
    rows = text_rows(series, metrics, target)
    for file in files:
        match file.suffix:
            case ".md":
                write_text(file, page(about, rows, metrics, found))
            case ".csv":
                write_text(file, csv_text(csv_rows(series, metrics, target)))
            case ".tex":
                comments = "".join(f"% {line}\n" for line in about)
                write_text(file, f"{comments}% Needs \\usepackage{{booktabs}}.\n{latex(rows)}")
            case _:
                save(figure, file)


def page(
    about: Sequence[str], rows: Sequence[Sequence[str]], metrics: Sequence[Metric], found: dict[str, list[Difference]]
) -> str:
    """The table, and every difference in words."""
    title, *lines = about
    parts = [f"# {title}", "\n".join(lines), markdown(rows)]
    if any(found.values()):
        parts += ["## Differences", METHOD]
    for metric in metrics:
        if sentences := [f"- {each.sentence(metric)}" for each in found[metric.name]]:
            parts += [f"### {metric.words[0].upper()}{metric.words[1:]}", "\n".join(sentences)]
    return "\n\n".join(parts)
