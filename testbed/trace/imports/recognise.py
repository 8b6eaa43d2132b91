"""What the head of a file looks like."""

from testbed.trace.imports.cells import NUMBER, fields

ROWS = 100
"""That are looked at."""


def rows_of(head: str, separator: str | None) -> list[list[str]]:
    """The cells of the first rows, without comments and blank lines; none at all where the quotes do not match."""
    rows: list[list[str]] = []
    for line in head.split("\n"):
        try:
            row = fields(line, separator)
        except ValueError:
            return []
        if row:
            rows.append(row)
        if len(rows) == ROWS:
            break
    return rows


def all_numbers(row: list[str]) -> bool:
    """Whether a row has nothing but numbers."""
    return all(NUMBER.fullmatch(cell) for cell in row)
