"""Progress of a reproduction: a line for every job that is done, and in a terminal one for what is going on."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.status import Status

if TYPE_CHECKING:
    from testbed.campaign import Done, Job


class Campaign:
    """Use as a context around the work, and as its listener."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status = Status("", console=self._console) if self._console.is_terminal else None
        self._began, self._count, self._known = time.monotonic(), 0, 0
        self._going: dict[str, Job] = {}

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._status:
            self._status.stop()

    def counted(self, done: int, known: int) -> None:
        """The status line, where there is one."""
        self._count, self._known = done, known
        if self._status:
            self._status.update(f"{done} of {known} done; {', '.join(self._going)}")

    def started(self, job: "Job") -> None:
        self._going[job.name] = job

    def ticked(self) -> None:
        """Nothing new."""

    def ended(self, done: "Done") -> None:
        """A line."""
        self._going.pop(done.job.name, None)
        count = self._count + (not done.failed)
        elapsed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - self._began))
        said = f"{done.job.kind} {done.job.name}: {done.told}" + ("" if done.failed else f" ({done.seconds:.1f} s)")
        line = f"[{count}/{self._known} {elapsed}] {'failed: ' * done.failed}{said}"
        if self._status:
            self._console.print(line, markup=False, highlight=False)
        else:
            print(line, flush=True)
