"""Verbs that make runs and traces, and what goes on from them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from testbed.cli.options import (
    Address,
    DataDir,
    Engine,
    Out,
    Overrides,
    Resume,
    ScenarioFile,
    Shards,
    Track,
    called_as,
)

verbs = typer.Typer()


@verbs.command()
def run(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    out: Out = None,
    resume: Resume = False,
    data_dir: DataDir = None,
    track: Track = None,
    engine: Engine = "local",
    address: Address = "local",
    shards: Shards = None,
) -> None:
    """Train as a scenario says, over its network; write tables, trace and checkpoint to a run directory."""
    from testbed import session
    from testbed.console.place import place
    from testbed.console.summary import summary
    from testbed.console.tracking import watching

    chosen = session.engine(engine, address, shards)
    settings, folder = place(scenario, overrides or [], out, resume)
    with watching(settings, folder, track or []) as observer:
        session.run(
            settings,
            folder,
            resume=resume,
            data_dir=data_dir,
            observer=observer,
            command=called_as(),
            engine=chosen,
        )
    summary(folder)


@verbs.command()
def record(scenario: ScenarioFile, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Record the network of a scenario as a trace, without training."""
    from testbed import session
    from testbed.console.place import place
    from testbed.console.progress import Progress
    from testbed.console.summary import trace_summary

    settings, folder = place(scenario, overrides or [], out, resume, "traces")
    with Progress(settings) as progress:
        session.record(settings, folder, resume=resume, observer=progress)
    trace_summary(folder)


@verbs.command()
def replay(
    trace: Annotated[
        Path, typer.Argument(help="Trace folder, the run directory it is in, or bundled/NAME.", show_default=False)
    ],
    scenario: ScenarioFile,
    links: Annotated[
        bool | None,
        typer.Option(
            "--links/--exact",
            help="Time every message anew over the recorded links; or have the recorded ones arrive when they did.",
            show_default=False,
        ),
    ] = None,
    from_s: Annotated[float | None, typer.Option("--from", help="Second of the trace to begin with.")] = None,
    to_s: Annotated[float | None, typer.Option("--to", help="Second of the trace to end with.")] = None,
    at_end: Annotated[str | None, typer.Option(help="When the trace ends before the run: error, loop or hold.")] = None,
    time_scale: Annotated[
        float | None, typer.Option(help="With --links: simulated seconds for one second of the trace.")
    ] = None,
    nodes: Annotated[
        str | None, typer.Option(help="Nodes that are the devices: all, first, busiest, random, or a list as 0,3,7.")
    ] = None,
    overrides: Overrides = None,
    out: Out = None,
    resume: Resume = False,
    data_dir: DataDir = None,
    track: Track = None,
) -> None:
    """Train as a scenario says over a trace, without ns-3; options take the place of keys of its section `network`."""
    from testbed import session
    from testbed.console.place import place
    from testbed.console.summary import summary
    from testbed.console.tracking import watching

    keys = session.replay_keys(trace, links, from_s, to_s, at_end, time_scale, _nodes(nodes))
    stated = [f"network.{key}={json.dumps(value)}" for key, value in keys.items()]
    settings, folder = place(scenario, [*(overrides or []), *stated], out, resume)
    with watching(settings, folder, track or []) as observer:
        session.run(settings, folder, resume=resume, data_dir=data_dir, observer=observer, command=called_as())
    summary(folder)


@verbs.command("track")
def track_runs(
    folder: Annotated[Path, typer.Argument(help="Run directory, sweep, or folder of runs.", show_default=False)],
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="TRACKER", help="tensorboard or mlflow; may be repeated.", show_default=False),
    ],
) -> None:
    """Send runs that were made before to TensorBoard or MLflow."""
    from testbed.console.tracking import track

    track(folder, to)


@verbs.command()
def adapters(
    run: Annotated[Path, typer.Argument(help="Run directory.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write; by default RUN/adapters.")] = None,
) -> None:
    """Write the adapters of a run's devices as peft has them, and the mean of their products as one."""
    from testbed.console.adapters import adapters

    adapters(run, out or run / "adapters")


def _nodes(text: str | None) -> str | list[int] | None:
    """A list of numbers, or the word that it should be."""
    numbers = (text or "").split(",")
    return [int(number) for number in numbers] if all(number.strip().isdecimal() for number in numbers) else text
