"""Jobs as tasks of a Ray cluster: an engine of all its cores.

The folder of the campaign has to be one that all machines see, under the same path, as for other runs on clusters; a
task says so where it is not. A task whose process or machine dies is begun again by Ray, and goes on from the job's
checkpoint.
"""

import logging
import os
import platform
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from testbed.campaign.doing import Done, attempt
from testbed.campaign.engine import Ended
from testbed.campaign.job import Job
from testbed.errors import UserError
from testbed.results.manifest import version_of

RETRIES = 3
"""How often Ray begins a task again whose process died."""
ANSWER_S = 10.0
"""How long a cluster has to answer."""


class RayEngine:
    """An engine on the cluster at `address`, or on one of `workers` cores that is started on this machine.

    Raises UserError where Ray is not installed or the cluster does not answer.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError:
            raise UserError('--engine ray needs Ray: pip install "testbed[ray]".') from None
        self._ray, self._going, self._asked, self._address = ray, dict[Any, Job](), workers, address
        self.workers = workers

    def start(self, job: Job, root: Path, data_dir: Path | None) -> None:
        ref = self._task.remote(job, root.resolve(), data_dir and data_dir.resolve(), version_of("testbed"))
        self._going[ref] = job

    def wait(self, seconds: float) -> list[Ended]:
        ready, _ = self._ray.wait(list(self._going), num_returns=1, timeout=seconds)
        return [self._ended(ref, self._going.pop(ref)) for ref in ready]

    def __enter__(self) -> Self:
        ray, logs = self._ray, {"log_to_driver": False, "logging_level": logging.ERROR}
        if self._address:
            _require_answer(self._address)
            ray.init(address=self._address, **logs)
        else:
            ray.init(num_cpus=self._asked, include_dashboard=False, **logs)
        self.workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES)(_attempt)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for ref in self._going:
            self._ray.cancel(ref, force=True)
        self._ray.shutdown()

    def _ended(self, ref: Any, job: Job) -> Ended:
        try:
            return Ended(job, self._ray.get(ref))
        except self._ray.exceptions.RayError:
            return Ended(job, died=True)


def _require_answer(address: str) -> None:
    """Ray itself would try for a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), ANSWER_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"--address {address}: no Ray cluster answers there ({error}); write HOST:PORT.") from None


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
