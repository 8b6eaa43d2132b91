"""Verbs about this machine and what is installed on it."""

from typing import Annotated

import typer

from testbed.cli.options import Json
from testbed.errors import UserError

verbs = typer.Typer()


@verbs.command()
def doctor() -> None:
    """What is installed here and what it can do."""
    from testbed.console.doctor import doctor

    doctor()


@verbs.command()
def check(
    context: typer.Context,
    algorithm: Annotated[
        str | None, typer.Option(help="Print the iterates of this one alone: a name, or a Python file.")
    ] = None,
    c: Annotated[str, typer.Option(help="Curvatures, a number above 0 for each device.")] = "1,2,3,4",
    b: Annotated[str, typer.Option(help="Minima, likewise.")] = "1,-1,2,0.5",
    graph: Annotated[str, typer.Option(help="path, ring, star or complete.")] = "path",
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 0.05,
    rounds: Annotated[int, typer.Option(help="Rounds, from x = 0 on.")] = 100,
    seed: Annotated[int, typer.Option(help="Of what an algorithm draws.")] = 1,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Another key of the algorithm, as condition=4; may be repeated."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run every algorithm on four quadratics c (x - b)^2 / 2, or one on any, by the code that trains networks."""
    from testbed.console.check import check, check_problem

    if algorithm is None and (stated := _stated(context, ("c", "b", "graph", "lr", "rounds", "seed", "keys"))):
        options = ", ".join("--set" if name == "keys" else f"--{name}" for name in stated)
        raise UserError(
            f"{options}: say with --algorithm which algorithm this is for; without it all are run as they are."
        )
    if algorithm is not None:
        check_problem(algorithm, c, b, graph, lr, rounds, keys or [], seed, as_json)
    elif not check(as_json):
        raise typer.Exit(1)


@verbs.command()
def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="broadcast, culling, fleet, lora, mixing, overlap, radio, replay, scaling, session, shards or trace."
        ),
    ],
    as_json: Json = False,
    devices: Annotated[int | None, typer.Option(min=1, help="Number of devices, for `culling` and `shards`.")] = None,
) -> None:
    """Measure this machine."""
    from testbed.console.benchmarks import bench

    bench(name, as_json, devices=devices)


def _stated(context: typer.Context, names: tuple[str, ...]) -> list[str]:
    """Those of the parameters that stand in the command line."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
