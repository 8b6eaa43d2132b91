"""Arguments and options that several verbs have."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on one line.")]
Figure = Annotated[Path, typer.Option("--out", help="File to write: .png, .svg or .pdf.")]
ScenarioFile = Annotated[Path, typer.Argument(help="Scenario file (TOML), or a run directory.", show_default=False)]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a key; may be repeated.")
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder to write; by default under runs/ or traces/.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", envvar="TESTBED_DATA", help="Folder that holds data sets of yours.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what is unfinished in the folder.")]
Runs = Annotated[
    list[Path], typer.Argument(help="Run directories, sweeps, folders of run directories.", show_default=False)
]
Figures = Annotated[
    list[Path] | None,
    typer.Option(
        "--out",
        help="File to write: a figure .png, .svg, .pdf, or its table .md, .csv, .tex; may be repeated. Without an "
        "ending all but the .pdf are written; by default under the figure's name.",
    ),
]
Target = Annotated[float | None, typer.Option(help="Accuracy to reach; by default 95 % of D-PSGD's lowest best one.")]
Group = Annotated[
    list[str] | None,
    typer.Option(metavar="SECTION.KEY", help="Key that tells series apart, by default the algorithm; may be repeated."),
]
Track = Annotated[
    list[str] | None,
    typer.Option("--track", metavar="TRACKER", help="Log to tensorboard or mlflow as well; may be repeated."),
]
Engine = Annotated[str, typer.Option(help="local: in this process; ray: devices in shards, a process each.")]
Address = Annotated[str, typer.Option(help="With --engine ray: HOST:PORT of a cluster, auto, or local for one here.")]
Shards = Annotated[int | None, typer.Option(help="With --engine ray: how many; by default one for each CPU.")]
Recorded = Annotated[Path, typer.Argument(help="Run directory or trace folder.", show_default=False)]


def called_as() -> str:
    """The command line as it was called, for a run's manifest."""
    return shlex.join(["testbed", *sys.argv[1:]])
