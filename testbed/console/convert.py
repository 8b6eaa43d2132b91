"""Making one trace of another, and saying what became of it."""

from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.console.traces import oddities
from testbed.errors import UserError
from testbed.report.choice import numbers
from testbed.trace import Trace, write
from testbed.trace.imports.base import Options
from testbed.trace.inspect import open_any, trace_folder

FOLDER = "trace"
"""What `--as` calls a trace folder; every other name is a format of others."""

LONGEST_S = 1e9
"""No window is longer."""

MOVEMENT = "ns2"
"""The format that has places and no links: a model makes links of them."""


@dataclass(frozen=True)
class Changes:
    """What is done to a trace on the way, in this order; None for nothing."""

    nodes: str | None = None
    """`0,5,19` or `3:8`."""
    aggregate_s: float | None = None
    """Who met within each window of so many seconds is linked for all of it."""
    scale: float | None = None
    """A second becomes so many."""
    loop: int | None = None
    """Rounds; those of the trace again and again."""

    def of(self, trace: Trace) -> Trace:
        """The trace after them."""
        from testbed.trace.aggregate import aggregated
        from testbed.trace.transform import looped, scaled, select

        if self.nodes is not None:
            trace = select(trace, numbers(self.nodes, trace.header.nodes, "node"))
        if self.aggregate_s is not None:
            if not 0 < self.aggregate_s <= LONGEST_S:
                raise UserError(f"--aggregate {self.aggregate_s:g} should be seconds, above 0 up to {LONGEST_S:g}.")
            trace = aggregated(trace, round(self.aggregate_s * 1e9))
        if self.scale is not None:
            trace = scaled(trace, self.scale)
        return trace if self.loop is None else looped(trace, self.loop)


@dataclass(frozen=True)
class Graphs:
    """Which graphs of a trace an export makes; by default one of the whole time."""

    at_s: float | None = None
    rounds: bool = False
    every_s: float | None = None


def convert_trace(
    source: str,
    out: Path,
    format: str | None,
    as_: str | None,
    model: str | None,
    options: Options,
    changes: Changes,
    graphs: Graphs,
) -> None:
    """Write the trace at `source` to `out`, and say what it holds and what to do next.

    `as_`: a format to export to, or FOLDER; without it, a name with an ending is a file of others. Raises UserError if
    `out` is there already.
    """
    if out.exists():
        raise UserError(f"{out} is there already: choose another name, or remove it first.")
    to_folder = as_ == FOLDER or (as_ is None and not out.suffix)
    if to_folder and graphs != Graphs():
        raise UserError(f"{out} is to be a trace folder: --at, --rounds and --every are for files of graphs.")
    trace = changes.of(_opened(source, format, model, options))
    notes = list[str]()
    if to_folder:
        write(trace, out)
    else:
        from testbed.trace.exports import export

        notes = export(trace, out, as_, **asdict(graphs))
    print(f"{out}: {_told(trace)}")
    oddities(tuple(each for step in trace.header.provenance for each in step.get("oddities", ())))
    for note in notes:
        print(f"note: {note}")
    if to_folder:
        links = "" if len(trace) else " --links"
        print(f"next: testbed replay {out} SCENARIO --set devices.count={trace.header.nodes}{links}")
    if to_folder and not len(trace):
        print("note: run.period_s and --time-scale keep rounds in step with it; --aggregate makes graphs of contacts")


def _opened(source: str, format: str | None, model: str | None, options: Options) -> Trace:
    """Movement goes through the engine if there is one, or if `model` says so; all else is opened as it is."""
    if model not in (None, "engine", "disc"):
        raise UserError(f"There is no model {model!r}: --model is engine or disc.")
    moves = trace_folder(source) is None and (format or _detected(source)) == MOVEMENT
    if model is not None and not moves:
        raise UserError(f"{source} holds no movement of nodes: leave out --model.")
    if not moves or not _by_engine(model, options):
        return open_any(source, format, options)
    from testbed.session.moving import record_movement
    from testbed.trace.imports import refuse_strange

    refuse_strange(Path(source), MOVEMENT, options)
    return record_movement(Path(source), period_s=options.step_s, from_s=options.from_s, to_s=options.to_s)


def _detected(source: str) -> str:
    from testbed.trace.imports import detect

    return detect(Path(source))


def _by_engine(model: str | None, options: Options) -> bool:
    """A range is the disc's alone. Raises UserError where the engine is asked for one, or is not there."""
    from testbed.network.engine import missing_engine

    if model == "disc" or (model is None and options.range_m is not None):
        return False
    missing = missing_engine()
    if model is None:
        return missing is None
    if options.range_m is not None:
        raise UserError("--range is for --model disc: over the engine, the radio says who hears whom.")
    if missing is not None:
        raise UserError(f"{missing} Or take --model disc.")
    return True


def _told(trace: Trace) -> str:
    rounds = f", {len(trace):,} round{'s' * (len(trace) != 1)}" * bool(len(trace))
    return f"{trace.header.nodes:,} nodes, {len(trace.links):,} link rows{rounds}"
