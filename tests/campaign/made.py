"""Jobs and an engine for tests, which do nothing but what they are told."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

import pytest

from testbed import campaign
from testbed.campaign import Done, Ended, Job
from testbed.campaign.doing import attempt
from testbed.scenario import Scenario, parse

TINY = parse(
    {
        "run": {"rounds": 2},
        "devices": {"count": 3},
        "network": {"kind": "graph"},
        "algorithm": {"local_steps": 1, "batch_size": 8},
    }
)


@dataclass(frozen=True)
class Air:
    name: str
    kind: ClassVar[Literal["air"]] = "air"

    def scenario(self) -> Scenario:
        return TINY


@dataclass(frozen=True)
class Cell:
    name: str
    air: Air | None = None
    run: Scenario = TINY
    kind: ClassVar[Literal["cell"]] = "cell"
    fingerprint: ClassVar[None] = None

    def recording(self) -> Air | None:
        return self.air

    def scenario(self, recording: Path | None) -> Scenario:
        return self.run


class Store(campaign.Store):
    """Done is what it was told is done."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.done: set[str] = set()

    def is_done(self, job: Job) -> bool:
        return job.name in self.done


class Jobs(campaign.Jobs):
    def __init__(self, root: Path, cells: Sequence[Cell], store: campaign.Store | None = None) -> None:
        super().__init__(store or Store(root))
        self._cells = list(cells)

    def cells(self) -> list[Cell]:
        return self._cells

    def airs(self) -> list[Air]:
        return list(dict.fromkeys(cell.air for cell in self._cells if cell.air))


class Scripted:
    """An engine whose jobs end as `script` says, one word for each time they are begun; else they are done."""

    def __init__(self, store: Store, workers: int, script: dict[str, list[str]] | None = None) -> None:
        self.workers, self.store, self.script = workers, store, script or {}
        self.begun: list[str] = []
        self.most = 0
        self.together: list[int] = []
        """How many were going as each was begun, with it."""
        self._going: list[Job] = []

    def start(self, job: Job, root: Path, data_dir: Path | None) -> None:
        self.begun.append(job.name)
        self._going.append(job)
        self.together.append(len(self._going))
        self.most = max(self.most, len(self._going))

    def wait(self, seconds: float) -> list[Ended]:
        job = self._going.pop(0)
        match self.script[job.name].pop(0) if self.script.get(job.name) else "done":
            case "died":
                return [Ended(job, died=True)]
            case "elsewhere":
                return [Ended(job)]
            case "failed":
                return [Ended(job, Done(job, 0.0, "It cannot be.", failed=True))]
        self.store.done.add(job.name)
        return [Ended(job, Done(job, 1.0, "fine"))]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call does not wait for workers that a killed one may have left."""
    monkeypatch.setattr(importlib.import_module("testbed.campaign.work"), "LINGER_S", 0.0)


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.done: list[Done] = []
        self.count = (0, 0)

    def counted(self, done: int, known: int) -> None:
        self.count = done, known

    def started(self, job: Job) -> None:
        pass

    def ended(self, done: Done) -> None:
        self.done.append(done)

    def ticked(self) -> None:
        pass


class Inline:
    """An engine that does its jobs in this process, one at a time."""

    workers = 1

    def __init__(self) -> None:
        self._ended: list[Ended] = []

    def start(self, job: Job, root: Path, data_dir: Path | None) -> None:
        self._ended.append(Ended(job, attempt(job, root, data_dir)))

    def wait(self, seconds: float) -> list[Ended]:
        ended, self._ended = self._ended, []
        return ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass
