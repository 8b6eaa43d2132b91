"""What a sweep's jobs took, as its log tells: SWEEP/log.jsonl, a line for each job that ended."""

import json
import time
from pathlib import Path

from testbed.campaign import Done, Job, Listener

LOG = "log.jsonl"


class Log:
    """Writes a line for every job that ends, and hands all on to another listener."""

    def __init__(self, folder: Path, listener: Listener) -> None:
        self._file, self._listener = folder / LOG, listener

    def counted(self, done: int, known: int) -> None:
        self._listener.counted(done, known)

    def started(self, job: Job) -> None:
        self._listener.started(job)

    def ticked(self) -> None:
        self._listener.ticked()

    def ended(self, done: Done) -> None:
        about = {"kind": done.job.kind, "name": done.job.name, "seconds": round(done.seconds, 3), "told": done.told}
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **about, "failed": done.failed}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._listener.ended(done)


def seconds(folder: Path) -> dict[str, float]:
    """What jobs took that did not fail, by name; a damaged line is left out."""
    taken: dict[str, float] = {}
    try:
        lines = (folder / LOG).read_text("utf-8", "replace").splitlines()
    except OSError:
        return taken
    for line in lines:
        try:
            tree = json.loads(line)
            if not tree["failed"] and tree["seconds"] > 0:
                taken[str(tree["name"])] = float(tree["seconds"])
        except (ValueError, KeyError, TypeError):
            continue
    return taken
