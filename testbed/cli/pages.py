"""Verbs that make pages."""

from pathlib import Path
from typing import Annotated

import typer

from testbed.cli.interrupted import Interrupted

verbs = typer.Typer()


@verbs.command()
def report(
    folder: Annotated[
        Path, typer.Argument(help="Run directory, sweep, or folder of run directories.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="File to write: .html.")] = Path("report.html"),
    cell: Annotated[
        str | None, typer.Option(help="Of a sweep: the cell that is replayed; by default the first finished one.")
    ] = None,
) -> None:
    """A run or a sweep as one HTML file: numbers, figures, and the network replayed in the browser, offline."""
    from testbed.page import write_page

    print(write_page(folder, out, cell))


@verbs.command()
def view(
    folder: Annotated[Path, typer.Argument(help="Folder below which runs and sweeps are.")] = Path("runs"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 is any free one.")] = 8717,
    is_opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """A local page of all runs in a folder: follow those that go on, compare two, open reports. Ctrl-C ends it."""
    from testbed.view import serve

    try:
        serve(folder, port, is_opened)
    except Interrupted:
        print("The page is closed.")
