"""The process that runs ns-3: `python -m testbed.network.worker FD PERIOD_S`, started by `testbed.network.process`.

ns-3 has one simulator per process, and a failed assertion in it ends the process; here that harms nobody else.
Over the socket FD come pairs `(verb, arguments)`; each is answered by `("done", answer)` or `("refused", complaint)`.
Until then `("alive", sign)` says every PERIOD_S seconds how far the work is: an unchanged sign is a standstill.
"""

import importlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.network.script import Script

Sign = tuple[str, int]
"""What the worker is doing, and the simulated time."""


def main(descriptor: int, period_s: float) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it then closes the socket
    threading.Thread(target=_leave_with, args=[descriptor], daemon=True).start()
    line = Line(Connection(descriptor))
    threading.Thread(target=line.keep_telling, args=[period_s], daemon=True).start()
    while True:
        try:
            verb, arguments = line.connection.recv()
        except EOFError:
            return
        line.answer(*line.host.answer(verb, arguments))


class Line:
    """What is said to the parent, by whichever thread: one message after the other, and signs only until the answer."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.host = Host(self.tell)
        self._sending = threading.Lock()

    def answer(self, kind: str, said: Any) -> None:
        """The answer to a request."""
        with self._sending:
            self.host.doing = ""
            self.connection.send((kind, said))

    def tell(self) -> None:
        """A sign of life, while there is something to do.

        The present world cannot go away meanwhile: its thread waits for the interpreter when a piece is done.
        """
        with self._sending:
            if self.host.doing:
                self.connection.send(("alive", self.host.sign()))

    def keep_telling(self, period_s: float) -> None:
        """A sign of life every `period_s`."""
        while True:
            time.sleep(period_s)
            self.tell()


class Host:
    """Holds the one world of this process."""

    doing = ""
    """Nothing, `loading` (the bindings), `making` (a world) or `simulating`."""

    def __init__(self, tell: Callable[[], object] = bool) -> None:
        self._tell = tell
        self._engine: Any = None
        self._world: Any = None
        self._script: Script | None = None

    def answer(self, verb: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """`open(settings)` makes a world anew and tells its rate, `close` ends it; other verbs are the world's own."""
        try:
            if verb == "close":
                self._world = None
                return "done", None
            return "done", self._open(*arguments) if verb == "open" else self._simulate(verb, arguments)
        except (UserError, ValueError) as complaint:
            return "refused", str(complaint)

    def sign(self) -> Sign:
        """What is being done, and the simulated time where there is one."""
        return self.doing, self._engine.now_ns() if self.doing == "simulating" else 0

    def _open(self, settings: dict[str, Any]) -> int:
        self._world = None  # ns-3 holds one simulator: the old world goes before the new one comes
        self.doing = "loading"
        self._tell()  # now, since the bindings let no other thread run
        self._engine = importlib.import_module("testbed.network._engine")
        self._script = Script(Path(settings["script"])) if settings["script"] else None
        self.doing = "making"
        if self._script:
            self._script.reset()
        self._world = self._engine.World(settings)
        if self._script:
            self._script.shape(settings["devices"])
            if settings["mobility"] == "script":
                self._adopt(settings)
        return int(self._world.rate_bps)

    def _adopt(self, settings: dict[str, Any]) -> None:
        try:
            self._engine.adopt_scripted(settings["devices"])
        except ValueError as complaint:
            raise UserError(f"network.script: {settings['script']} {complaint}.") from None

    def _simulate(self, verb: str, arguments: tuple[Any, ...]) -> Any:
        self.doing = "simulating"
        try:
            return getattr(self._world, verb)(*arguments)
        except RuntimeError as error:  # of a Python function that the script made an event
            if self._script:
                raise UserError(f"network.script: an event raised {error}") from None
            raise


def _leave_with(descriptor: int) -> None:
    """End this process as soon as the other end is gone, even in the middle of a simulation."""
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
