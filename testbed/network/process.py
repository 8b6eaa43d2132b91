"""The parent's end of the worker process: requests out, answers or clear errors back."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

import testbed
from testbed.errors import UserError
from testbed.network.engine import EngineError

TAIL_LINES = 12

NOISE = re.compile(
    r"Failed to materialize symbols|CPyCppyy API|^  warnings\.warn|^terminate called|^Extension modules|^Current thread"
    r"|^Fatal Python error|/testbed/network/\S+ line \d+ in|<frozen runpy>|^\s*$"
)
"""What the bindings, C++ and Python's fault handler write beside the words of ns-3 and the lines of a script."""

LOADING_S = 300.0
"""Wall time that a start and loading may take: the bindings need 10 to 40 s, and say nothing meanwhile."""

PERIOD_S = 1.0
"""Wall time between the worker's signs of life; less where the timeout is short."""

TUNABLES = "glibc.malloc.tcache_count=2000:glibc.malloc.hugetlb=1"
"""ns-3 lives on small objects that come and go: more of them kept at hand, on large pages (docs/radio.md)."""


class Worker:
    """A running `testbed.network.worker`. Close it after use; it also ends with this process, however that ends.

    Raises EngineError, with ns-3's words, when the process dies or stands still for `timeout_s` of wall time.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._started = self._asked = False
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _stop)
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _start(theirs.fileno(), self._stderr, min(PERIOD_S, timeout_s / 4))
        self._connection = Connection(ours.detach())
        self._finalizer = weakref.finalize(self, _stop, self._process, self._connection, self._stderr)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def request(self, verb: str, *arguments: Any) -> Any:
        """The worker's answer. A complaint of the engine about a setting is a UserError; the worker lives on."""
        try:
            fine, answer = self._ask(verb, arguments)
        except BaseException:  # Ctrl-C too: an answer that comes later would be taken for the next one's
            self.close()
            raise
        if not fine:
            raise UserError(answer)
        return answer

    def finish(self) -> None:
        """Have the world ended, so that its files are whole; unless the worker is busy, or ended before."""
        if self._finalizer.alive and not self._asked:
            with suppress(EngineError):
                self.request("close")

    def close(self) -> None:
        """End the process and wait for it; calling it twice is harmless."""
        self._finalizer()

    def _ask(self, verb: str, arguments: tuple[Any, ...]) -> Any:
        if not self._finalizer.alive:
            raise EngineError("The ns-3 engine was closed, or stopped by an earlier error.")
        try:
            self._asked = True
            self._connection.send((verb, arguments))
            answer = self._answer()
            self._asked = False
            return answer
        except (EOFError, OSError):
            raise EngineError(self._words(f"stopped ({_ending(self._process)})")) from None

    def _answer(self) -> tuple[bool, Any]:
        """Whether the worker is fine, and what it says; however long it takes, while it gets on."""
        seen, until = None, time.monotonic() + self._patience_s(self._started)
        while self._connection.poll(max(0.0, until - time.monotonic())):
            kind, said = self._connection.recv()
            self._started = True
            if kind != "alive":
                return kind == "done", said
            if said != seen:
                seen, until = said, time.monotonic() + self._patience_s(said[0] != "loading")
        raise EngineError(self._words(_standstill(self._timeout_s, seen)))

    def _patience_s(self, loaded: bool) -> float:
        return self._timeout_s if loaded else max(self._timeout_s, LOADING_S)

    def _words(self, what: str) -> str:
        """`what` happened, and the last that ns-3 said."""
        self._stderr.seek(0)
        said = self._stderr.read().decode("utf-8", "replace").splitlines()
        lines = [line for line in said if not NOISE.search(line)][-TAIL_LINES:]
        return "\n".join([f"The ns-3 engine {what}. Its last words:", *lines]) if lines else f"The ns-3 engine {what}."


def _start(descriptor: int, stderr: IO[bytes], period_s: float) -> subprocess.Popen[bytes]:
    """The worker finds the same `testbed` that is running here."""
    home = str(Path(testbed.__file__).parents[1])
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", "testbed.network.worker", str(descriptor), str(period_s)]
    return subprocess.Popen(
        command,
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=stderr,
        stderr=stderr,
        env={"GLIBC_TUNABLES": TUNABLES} | os.environ | {"PYTHONPATH": path},
    )


def _stop(process: subprocess.Popen[bytes], connection: Connection, stderr: IO[bytes]) -> None:
    """It keeps nothing that would need saving, so it need not be asked."""
    connection.close()
    process.kill()
    process.wait()
    stderr.close()


def _ending(process: subprocess.Popen[bytes]) -> str:
    """Exit status of a process that has closed its socket, in words."""
    status = process.wait()
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


def _standstill(timeout_s: float, seen: tuple[str, int] | None) -> str:
    """In words; `seen` is the last sign of the worker, if it gave one."""
    what = f"made no progress for {timeout_s:g} s (network.worker_timeout_s)"
    return f"{what}; the simulated time stood at {seen[1] / 1e9:.6f} s" if seen and seen[0] == "simulating" else what
