"""Making one trace of another, and saying what became of it."""

from dataclasses import dataclass
from pathlib import Path

from testbed.console.traces import oddities
from testbed.errors import UserError
from testbed.report.choice import numbers
from testbed.trace import Trace, write
from testbed.trace.imports.base import Options
from testbed.trace.inspect import open_any, trace_folder

FOLDER = "trace"
"""What `--as` calls a trace folder; every other name is a format of others."""

MOVEMENT = "ns2"
"""The format that has places and no links: a model makes links of them."""


@dataclass(frozen=True)
class Changes:
    """What is done to a trace on the way, in this order; None for nothing."""

    nodes: str | None = None
    """`0,5,19` or `3:8`."""
    scale: float | None = None
    """A second becomes so many."""
    loop: int | None = None
    """Rounds; those of the trace again and again."""

    def of(self, trace: Trace) -> Trace:
        """The trace after them."""
        from testbed.trace.transform import looped, scaled, select

        if self.nodes is not None:
            trace = select(trace, numbers(self.nodes, trace.header.nodes, "node"))
        if self.scale is not None:
            trace = scaled(trace, self.scale)
        return trace if self.loop is None else looped(trace, self.loop)


def convert_trace(
    source: str, out: Path, format: str | None, as_: str | None, model: str | None, options: Options, changes: Changes
) -> None:
    """Write the trace at `source` to `out`, and say what it holds and what to do next.

    `as_`: a format to export to, or FOLDER; without it, a name with an ending is a file of others. Raises UserError if
    `out` is there already.
    """
    if out.exists():
        raise UserError(f"{out} is there already: choose another name, or remove it first.")
    trace = changes.of(_opened(source, format, model, options))
    if as_ == FOLDER or (as_ is None and not out.suffix):
        write(trace, out)
        notes: list[str] = []
    else:
        from testbed.trace.exports import export

        notes = list(export(trace, out, as_) or ())
    print(f"{out}: {_told(trace)}")
    oddities(tuple(each for step in trace.header.provenance for each in step.get("oddities", ())))
    for note in notes:
        print(f"note: {note}")
    if out.is_dir():
        links = "" if len(trace) else " --set network.replay=links"
        print(f"next: testbed replay {out} SCENARIO --set devices.count={trace.header.nodes}{links}")


def _opened(source: str, format: str | None, model: str | None, options: Options) -> Trace:
    """Movement goes through the engine if there is one, or if `model` says so; all else is opened as it is."""
    foreign = trace_folder(source) is None
    if foreign and (format or _detected(source)) == MOVEMENT and _by_engine(model):
        from testbed.session.moving import record_movement

        return record_movement(Path(source), period_s=options.step_s, from_s=options.from_s, to_s=options.to_s)
    if model is not None and not foreign:
        raise UserError(f"{source} is a trace already: leave out --model, which is for the movement of nodes.")
    return open_any(source, format, options)


def _detected(source: str) -> str:
    from testbed.trace.imports import detect

    return detect(Path(source))


def _by_engine(model: str | None) -> bool:
    """Raises UserError for a model that there is not."""
    from testbed.network.engine import missing_engine

    if model not in (None, "engine", "disc"):
        raise UserError(f"There is no model {model!r}: --model is engine or disc.")
    if model == "engine" and (missing := missing_engine()):
        raise UserError(f"{missing} Take --model disc.")
    return model != "disc" and missing_engine() is None


def _told(trace: Trace) -> str:
    rounds = f", {len(trace):,} round{'s' * (len(trace) != 1)}" * bool(len(trace))
    return f"{trace.header.nodes:,} nodes, {len(trace.links):,} link rows{rounds}"
