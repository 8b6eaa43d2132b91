"""Jobs as tasks of a Ray cluster: an engine of all its cores.

The folder of the campaign has to be one that all machines see, under the same path, as for other runs on clusters; a
task says so where it is not. A task whose process or machine dies is begun again by Ray, and goes on from the job's
checkpoint.
"""

import platform
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from testbed.campaign.doing import Done, attempt
from testbed.campaign.engine import Ended
from testbed.campaign.job import Job
from testbed.results.manifest import version_of
from testbed.session.shards.cluster import Ray, connected

RETRIES = 3
"""How often Ray begins a task again whose process died."""


class RayEngine:
    """An engine on the cluster at `address`; "local" is one of `workers` cores on this machine.

    Entering it raises UserError where Ray is not installed or the cluster does not answer.
    """

    def __init__(self, workers: int, address: str) -> None:
        self.workers, self._cluster = workers, Ray(address, workers)
        self._connection = ExitStack()
        self._going: dict[Any, Job] = {}

    def start(self, job: Job, root: Path, data_dir: Path | None) -> None:
        ref = self._task.remote(job, root.resolve(), data_dir and data_dir.resolve(), version_of("testbed"))
        self._going[ref] = job

    def wait(self, seconds: float) -> list[Ended]:
        ready, _ = self._ray.wait(list(self._going), num_returns=1, timeout=seconds)
        return [self._ended(ref, self._going.pop(ref)) for ref in ready]

    def __enter__(self) -> Self:
        self._ray = self._connection.enter_context(connected(self._cluster, room=0))
        self.workers = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._task = self._ray.remote(num_cpus=1, max_retries=RETRIES)(_attempt)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for ref in self._going:
            self._ray.cancel(ref, force=True)
        self._connection.close()

    def _ended(self, ref: Any, job: Job) -> Ended:
        try:
            return Ended(job, self._ray.get(ref))
        except self._ray.exceptions.RayError:
            return Ended(job, died=True)


def _attempt(job: Job, root: Path, data_dir: Path | None, version: str | None) -> Done | None:
    """The job, in a process of some machine."""
    here = platform.node()
    if not root.is_dir():
        return Done(job, 0.0, f"machine {here} does not see the folder {root}: take one that all share.", failed=True)
    if version_of("testbed") != version:
        told = f"machine {here} has testbed {version_of('testbed')}, not {version}: install the same everywhere."
        return Done(job, 0.0, told, failed=True)
    torch.set_num_threads(1)
    return attempt(job, root, data_dir)
