"""Progress of many jobs: a line for each that has ended, and in a terminal a table of those that are going on."""

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from testbed.tables import batches_of

if TYPE_CHECKING:
    from testbed.campaign import Done, Job, Store

LOOK_S = 2.0
"""How often the tables of running jobs are looked at."""


class Campaign:
    """Use as a context around the work, and as its listener. `store`: where the jobs' rounds can be seen."""

    def __init__(self, store: "Store | None" = None) -> None:
        self._console, self._store = Console(stderr=True), store
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._began, self._looked = time.monotonic(), 0.0
        self._count, self._known, self._failed, self._first = 0, 0, 0, -1
        self._going: dict[str, tuple[Job, float]] = {}

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.update(Table.grid())
            self._live.stop()

    def counted(self, done: int, known: int) -> None:
        self._count, self._known = done, known
        self._first = done if self._first < 0 else self._first
        self._show()

    def started(self, job: "Job") -> None:
        self._going[job.name] = job, time.monotonic()

    def ticked(self) -> None:
        """The table, now and then."""
        if time.monotonic() - self._looked > LOOK_S:
            self._show()

    def ended(self, done: "Done") -> None:
        """A line."""
        self._going.pop(done.job.name, None)
        self._failed += done.failed
        count = self._count + (not done.failed)
        said = f"{done.job.kind} {done.job.name}: {done.told}" + ("" if done.failed else f" ({done.seconds:.1f} s)")
        line = f"[{count}/{self._known} {clock(time.monotonic() - self._began)}] {'failed: ' * done.failed}{said}"
        if self._live:
            self._console.print(line, markup=False, highlight=False)
        else:
            print(line, flush=True)

    def _show(self) -> None:
        if not self._live:
            return
        self._looked = time.monotonic()
        table = Table(caption=self._summary(), caption_justify="left", box=None, header_style="dim", expand=False)
        for heading in ("", "going on", "rounds", "since"):
            table.add_column(heading, no_wrap=True, overflow="ellipsis")
        for job, began in self._going.values():
            rounds = str(self._rounds(job)) if self._store else ""
            table.add_row(job.kind, job.name, rounds, clock(time.monotonic() - began))
        self._live.update(table, refresh=True)

    def _summary(self) -> str:
        """Counts, and how long the rest lasts if its jobs are like those that have ended."""
        elapsed, ended = time.monotonic() - self._began, self._count - self._first
        left = elapsed / ended * (self._known - self._count) if ended else None
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._count} of {self._known} done{failed}; {clock(elapsed)}" + (
            f", about {clock(left)} left" if left else ""
        )

    def _rounds(self, job: "Job") -> int:
        """How many are written."""
        assert self._store is not None
        return sum(1 for _ in batches_of(Path(self._store.folder(job)) / "rounds.arrows"))


def clock(seconds: float) -> str:
    """Hours, minutes and seconds; more than a day in hours."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}"
