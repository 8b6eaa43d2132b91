"""Who does the jobs: processes of this machine, or of a cluster."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from testbed.campaign.doing import Done
from testbed.campaign.job import Job


@dataclass(frozen=True)
class Ended:
    """A job that an engine is no longer at."""

    job: Job
    done: Done | None = None
    """How it went; None where another campaign is at it, or its process died."""
    died: bool = False
    """Whether its process ended without a word: what it finished so far is kept, and it can be started again."""


class Engine(Protocol):
    """Use as a context; leaving it by an error ends what is going on, and loses nothing that was finished."""

    @property
    def workers(self) -> int:
        """How many jobs it does at a time."""

    def start(self, job: Job, root: Path, data_dir: Path | None) -> None:
        """Do the job, in the folder `root`, as soon as a worker is free."""

    def wait(self, seconds: float) -> list[Ended]:
        """Those that have ended since; after so many seconds perhaps none."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...
