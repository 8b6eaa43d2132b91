"""`testbed trace ...`: the verbs that look at link traces and change them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testbed.cli.options import Figure, Json

if TYPE_CHECKING:
    from testbed.trace.imports.base import Options

trace_app = typer.Typer(help="Link traces, ours and those that others recorded.", no_args_is_help=True)

AnyTrace = Annotated[
    str, typer.Argument(help="Trace folder, run directory, bundled/NAME, or a file to import.", show_default=False)
]
Format = Annotated[str | None, typer.Option(help="Format of the file; by default by its content.")]
TimeUnit = Annotated[str | None, typer.Option(help="Of times in a plain list: ns, us, ms, s, min, h or d.")]
ColumnNames = Annotated[
    str | None,
    typer.Option("--columns", metavar="NAMES", help="Of a plain list, in order, as 'a b start end'; - for others."),
]
FromS = Annotated[float | None, typer.Option("--from", metavar="S", help="Second to begin with, as the trace counts.")]
ToS = Annotated[float | None, typer.Option("--to", metavar="S", help="Second to end with.")]
Hold = Annotated[float | None, typer.Option(metavar="S", help="How long a sample of a file holds.")]
Channel = Annotated[int | None, typer.Option(help="K7: this channel alone.")]
Range = Annotated[
    float | None, typer.Option("--range", metavar="M", help="Movement: nodes nearer than this are linked.")
]
Step = Annotated[float | None, typer.Option(metavar="S", help="Movement: time between looks at the places.")]
Window = Annotated[
    float | None,
    typer.Option(metavar="S", help="Windows for connectivity without rounds; by default a hundredth of the trace."),
]


@trace_app.command("inspect")
def trace_inspect(
    path: AnyTrace,
    window: Window = None,
    as_json: Json = False,
    format: Format = None,
    time_unit: TimeUnit = None,
    columns: ColumnNames = None,
    from_s: FromS = None,
    to_s: ToS = None,
    hold: Hold = None,
    channel: Channel = None,
    range_m: Range = None,
    step: Step = None,
) -> None:
    """Contacts, density, degrees, connectivity, spectral gap, asymmetry and delays of a trace."""
    from testbed.console.traces import inspect_trace

    options = _options(time_unit, columns, from_s, to_s, hold, channel, range_m, step)
    inspect_trace(path, format, options, window, as_json)


@trace_app.command("validate")
def trace_validate(
    path: AnyTrace,
    format: Format = None,
    time_unit: TimeUnit = None,
    columns: ColumnNames = None,
    from_s: FromS = None,
    to_s: ToS = None,
    hold: Hold = None,
    channel: Channel = None,
    range_m: Range = None,
    step: Step = None,
) -> None:
    """What is wrong with a trace: table, row and round; exit code 1 if anything is."""
    from testbed.console.traces import validate_trace

    options = _options(time_unit, columns, from_s, to_s, hold, channel, range_m, step)
    raise typer.Exit(validate_trace(path, format, options))


@trace_app.command("convert")
def trace_convert(
    path: AnyTrace,
    out: Annotated[Path, typer.Argument(help="Trace folder to write, or a file to export to.", show_default=False)],
    as_: Annotated[
        str | None, typer.Option("--as", metavar="FORMAT", help="Format to write; by default by the ending of OUT.")
    ] = None,
    nodes: Annotated[str | None, typer.Option(help="Nodes to keep, as 0,5,19 or 3:8.")] = None,
    scale: Annotated[float | None, typer.Option(metavar="X", help="Make a second last X seconds.")] = None,
    loop: Annotated[int | None, typer.Option(min=1, metavar="N", help="Repeat the rounds until there are N.")] = None,
    aggregate: Annotated[
        float | None, typer.Option(metavar="S", help="Link who met at all within each window of S seconds.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Movement: engine (the radio) or disc; engine if it is there.")
    ] = None,
    at_s: Annotated[float | None, typer.Option("--at", metavar="S", help="Graphs: as it is at this second.")] = None,
    rounds: Annotated[bool, typer.Option("--rounds", help="Graphs: a file for each round.")] = False,
    every: Annotated[float | None, typer.Option(metavar="S", help="Graphs: a file for each so many seconds.")] = None,
    format: Format = None,
    time_unit: TimeUnit = None,
    columns: ColumnNames = None,
    from_s: FromS = None,
    to_s: ToS = None,
    hold: Hold = None,
    channel: Channel = None,
    range_m: Range = None,
    step: Step = None,
) -> None:
    """A trace folder of a file that others recorded, a file for others of a trace, or a trace of a trace."""
    from testbed.console.convert import Changes, Graphs, convert_trace

    options = _options(time_unit, columns, from_s, to_s, hold, channel, range_m, step)
    changes, graphs = Changes(nodes, aggregate, scale, loop), Graphs(at_s, rounds, every)
    convert_trace(path, out, format, as_, model, options, changes, graphs)


@trace_app.command("diff")
def trace_diff(
    a: AnyTrace,
    b: AnyTrace,
    tolerance: Annotated[float, typer.Option(min=0, help="Of numbers with a fraction, relative above 1.")] = 0.0,
    as_json: Json = False,
    format: Format = None,
    time_unit: TimeUnit = None,
    columns: ColumnNames = None,
    from_s: FromS = None,
    to_s: ToS = None,
    hold: Hold = None,
    channel: Channel = None,
    range_m: Range = None,
    step: Step = None,
) -> None:
    """Where two traces part; exit code 1 if they do. What is stated of files is true of both."""
    from testbed.console.differences import diff_traces

    options = _options(time_unit, columns, from_s, to_s, hold, channel, range_m, step)
    raise typer.Exit(diff_traces(a, b, tolerance, as_json, format, options))


@trace_app.command("plot")
def trace_plot(
    path: AnyTrace,
    out: Figure = Path("trace.png"),
    what: Annotated[
        str | None,
        typer.Option(help="Of density, degree, contacts, connectivity, window, delay, quality, asymmetry and map."),
    ] = None,
    window: Window = None,
    format: Format = None,
    time_unit: TimeUnit = None,
    columns: ColumnNames = None,
    from_s: FromS = None,
    to_s: ToS = None,
    hold: Hold = None,
    channel: Channel = None,
    range_m: Range = None,
    step: Step = None,
) -> None:
    """A figure of each statistic of a trace."""
    from testbed import report
    from testbed.trace.inspect import open_any

    options = _options(time_unit, columns, from_s, to_s, hold, channel, range_m, step)
    print(report.plot_trace(open_any(path, format, options), out, what.split(",") if what else None, window))


@trace_app.command("list")
def trace_list() -> None:
    """The traces that come with the package."""
    from testbed.console.traces import list_traces

    list_traces()


def _options(
    time_unit: str | None,
    columns: str | None,
    from_s: float | None,
    to_s: float | None,
    hold: float | None,
    channel: int | None,
    range_m: float | None,
    step: float | None,
) -> "Options":
    """What was stated of a file to import."""
    from testbed.trace.imports.base import Options

    step_s = Options.step_s if step is None else step
    return Options(time_unit, from_s, to_s, hold, channel, range_m, step_s, columns)
