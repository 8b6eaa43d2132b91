"""The data sets, and getting them."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from testbed.learning import data


def catalogue(data_dir: Path | None) -> None:
    """Print every data set and pretrained model, and where it is, or how to get it."""
    table = Table("name", "holds", "classes", "size", box=None, pad_edge=False)
    table.add_column("state", overflow="fold")
    for entry in data.catalogue(str(data_dir) if data_dir else None):
        table.add_row(entry.name, entry.holds, str(entry.classes or ""), entry.size, entry.state)
    Console().print(table)


def fetch(name: str) -> None:
    """Get one, saying what is done."""
    data.fetch(name, print)
