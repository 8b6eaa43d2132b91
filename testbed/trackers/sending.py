"""Runs sent to trackers: while they go on, and afterwards."""

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from testbed.errors import UserError
from testbed.results import Run, runs_in
from testbed.session.observer import Observer
from testbed.session.recorder import round_row
from testbed.session.stopwatch import Stopwatch
from testbed.tables import first_line, is_begun
from testbed.trackers.tracker import Row, Tracker, rows_of
from testbed.trackers.trackers import begin, check

if TYPE_CHECKING:
    from testbed.session.barrier import Outcome


def track(folder: str | Path, names: Iterable[str]) -> list[Path]:
    """Send the rows of a run, a sweep or a folder of runs to the trackers; gives the run directories.

    What a log has already is not sent again. Raises UserError if there is no run with a whole round, or no such
    tracker, and for what a tracker does not take.
    """
    chosen, runs = check(names), [run for run in runs_in(folder) if is_begun(run, "rounds")]
    if not runs:
        raise UserError(f"{folder} holds no run with a whole round yet.")
    for run in map(Run, runs):
        for name in chosen:
            _send(run, name)
    return runs


def _send(run: Run, name: str) -> None:
    rows = rows_of(run)
    try:
        tracker = begin(name, run.folder)
        tracker.log(rows)
        tracker.close(run.status)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{name} does not take the rows of {run.folder}: {first_line(error)}.") from error


class Tracking(Observer):
    """Sends each round as it is written. Use as a context around a session, and as one of its observers.

    A tracker that fails is given up with a line, and the run goes on: its log can be made from the tables afterwards.
    """

    def __init__(self, folder: str | Path, names: Iterable[str], tell: Observer | None = None) -> None:
        """`tell` hears what has to be said. Raises UserError for a tracker that is unknown, or not installed."""
        self._folder, self._names, self._tell = Path(folder), list(check(names)), tell or Observer()
        self._open: dict[str, Tracker] = {}
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def trained(self, outcome: "Outcome", watch: Stopwatch, events: int) -> None:
        """The first time with all rounds that were there before: those of a resumed run, or of one not tracked yet."""
        if not self._begun:
            self._begin()
            return
        row: Row = {name: column[0] for name, column in round_row(outcome).items()}
        self._each(lambda name: self._open[name].log([row]))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._begun and error is None:
            self._begin()
        if self._begun:
            status = Run(self._folder).status
            self._each(lambda name: self._open[name].close(status))

    def _begin(self) -> None:
        self._begun, rows = True, rows_of(Run(self._folder))

        def start(name: str) -> None:
            self._open[name] = begin(name, self._folder)
            self._open[name].log(rows)

        self._each(start)

    def _each(self, act: Callable[[str], None]) -> None:
        for name in list(self._names):
            try:
                act(name)
            except Exception as error:
                self._names.remove(name)
                self._tell.noted(
                    f"warning: {name} is given up for this run: {first_line(error)}. "
                    f"Its log can be made afterwards: testbed track {self._folder} --to {name}"
                )
