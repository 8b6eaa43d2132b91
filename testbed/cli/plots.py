"""`testbed plot ...`: figures."""

from pathlib import Path
from typing import Annotated

import typer

from testbed.cli.options import Figure, Figures, Group, Recorded, Runs, Target

plot_app = typer.Typer(help="Figures of finished or unfinished runs.", no_args_is_help=True)


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
