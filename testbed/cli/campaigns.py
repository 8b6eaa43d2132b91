"""Verbs of many runs."""

from pathlib import Path
from typing import Annotated

import typer

from testbed.cli.options import Address, DataDir, Overrides, called_as

verbs = typer.Typer()


@verbs.command()
def reproduce(
    what: Annotated[
        str, typer.Argument(help="hyperprism: tables 2, 3 and 4 of the paper; lora: LoRA clients at equal bytes.")
    ],
    table: Annotated[
        list[int] | None, typer.Option(help="hyperprism: 2, 3 or 4; may be repeated. By default all.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Reported are the seeds from 1 to this one.")] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="In small, within minutes, on the embedded digits.")] = False,
    base: Annotated[
        bool, typer.Option("--base", help="hyperprism: the base setting alone, which stands in all tables.")
    ] = False,
    data: Annotated[
        str,
        typer.Option(
            help="hyperprism: mnist, cifar10; lora: mnist-mlp, mnist-cnn, fashion-mnist-mlp, reuters-r8-minilm; or all."
        ),
    ] = "all",
    core: Annotated[
        bool, typer.Option("--core", help="lora: the methods that matter most, under one skew and two budgets.")
    ] = False,
    air: Annotated[
        str | None, typer.Option(help="hyperprism: ns3, graph (its control without a radio); by default both.")
    ] = None,
    lr: Annotated[
        str | None, typer.Option(help="hyperprism: paper (.01 for all methods), tuned (for each); by default both.")
    ] = None,
    accelerator: Annotated[
        str | None, typer.Option(help="cuda: compute gradients on an NVIDIA GPU; by default on the CPU.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; by default one for each core.")] = None,
    out: Annotated[
        Path, typer.Option(help="Folder of airs and runs; what is finished there is not done again.")
    ] = Path("runs/reproduction"),
    results: Annotated[
        Path | None, typer.Option(help="Folder for tables and figures; by default docs/reproduction of a checkout.")
    ] = None,
    only_airs: Annotated[bool, typer.Option("--only-airs", help="Record the live airs, and train nothing.")] = False,
    only_tables: Annotated[
        bool, typer.Option("--only-tables", help="Write what there is so far, run nothing.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Run a paper's experiments, tables and figures included; called again, it goes on where it was stopped."""
    from testbed import reproduction
    from testbed.console.campaign import Campaign

    own = {"tables": tuple(table) if table else None, "base": base or None, "core": core or None, "air": air, "lr": lr}
    choice = reproduction.choose(what, seeds=seeds, quick=quick, data=data, accelerator=accelerator, **own)
    with Campaign() as campaign:
        page = reproduction.reproduce(
            choice,
            out,
            campaign,
            results=results,
            workers=jobs,
            only_airs=only_airs,
            only_tables=only_tables,
            data_dir=data_dir,
        )
    print(page or f"the airs are in {out}")


@verbs.command()
def sweep(
    file: Annotated[Path, typer.Argument(help="Sweep file (TOML): see docs/sweep.md.", show_default=False)],
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write; by default runs/NAME.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the cells, estimate the time, run nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also run more than a thousand cells.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes of this machine; by default as many as there are cores and memory for. Of a cluster at "
            "--address all cores are taken.",
        ),
    ] = None,
    engine: Annotated[str, typer.Option(help="local: processes of this machine; ray: those of a cluster.")] = "local",
    address: Address = "local",
    data_dir: DataDir = None,
) -> None:
    """Run every cell of a sweep once; called again, it goes on where it was stopped."""
    from testbed.console.sweep import sweep

    sweep(file, overrides or [], out, dry_run, yes, jobs, engine, address, data_dir, called_as())
