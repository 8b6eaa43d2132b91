"""The class table: how many samples of each class each device holds."""

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

SHOWN = 50
"""Devices that are shown; the last row sums up the rest."""


def class_table(counts: NDArray[np.int64]) -> Table:
    """A rich table of (devices, classes) counts; a dot stands for none."""
    table = Table("device", *map(str, range(counts.shape[1])), "all", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for device, row in enumerate(counts[:SHOWN]):
        table.add_row(str(device), *(str(count) if count else "·" for count in row), str(row.sum()))
    if len(counts) > SHOWN:
        rest = counts[SHOWN:].sum(0)
        table.add_row(f"{len(counts) - SHOWN} more", *map(str, rest), str(rest.sum()))
    return table
