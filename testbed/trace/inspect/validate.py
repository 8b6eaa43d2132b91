"""Whether a trace on disk is whole and can be true: all that `read` checks, and what takes longer to see."""

from collections.abc import Sequence
from pathlib import Path

from testbed.errors import UserError
from testbed.trace.imports.base import Options
from testbed.trace.inspect.events import event_problems
from testbed.trace.inspect.opening import STATED, open_any, trace_folder
from testbed.trace.inspect.problem import Problem
from testbed.trace.inspect.rows import row_problems
from testbed.trace.value import Trace


def validate(path: str | Path, format: str | None = None, options: Options = STATED) -> list[Problem]:
    """All that is wrong with the trace at `path`, as `open_any` takes it; nothing for a sound one.

    What cannot be read has one problem, the sentence of the UserError; what is not there raises it.
    """
    trace_folder(path)
    try:
        return list(problems(open_any(path, format, options)))
    except UserError as error:
        return [Problem("", str(error))]


def problems(trace: Trace) -> Sequence[Problem]:
    """What cannot be true of a trace although each of its rows could be."""
    return [*row_problems(trace), *event_problems(trace)]
