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
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.network.script import Script

Sign = tuple[str, int]
"""What the worker is doing, and how far it is in it."""


def main(descriptor: int, period_s: float) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it then closes the socket
    threading.Thread(target=_leave_with, args=[descriptor], daemon=True).start()
    connection, host, sending = Connection(descriptor), Host(), threading.Lock()
    threading.Thread(target=_tell, args=[connection, host, sending, period_s], daemon=True).start()
    while True:
        try:
            verb, arguments = connection.recv()
        except EOFError:
            return
        answer = host.answer(verb, arguments)
        with sending:
            host.doing = ""
            connection.send(answer)


class Host:
    """Holds the one world of this process."""

    doing = ""
    """Nothing, `loading` (the bindings), `making` (a world) or `simulating`."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._world: Any = None
        self._script: Script | None = None
        self._loaded = 0

    def answer(self, verb: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
        """`open(settings)` makes the world anew and tells its rate; all other verbs are the world's own."""
        try:
            return "done", self._open(*arguments) if verb == "open" else self._simulate(verb, arguments)
        except (UserError, ValueError) as complaint:
            return "refused", str(complaint)

    def sign(self) -> Sign:
        """Loading takes as long as it takes; making a world should not; simulating has a clock."""
        self._loaded += self.doing == "loading"
        return self.doing, self._engine.now_ns() if self.doing == "simulating" else self._loaded

    def _open(self, settings: dict[str, Any]) -> int:
        self._world = None  # ns-3 holds one simulator: the old world goes before the new one comes
        self.doing = "loading"
        self._engine = importlib.import_module("testbed.network._engine")
        if settings["script"] and not self._script:
            self._script = Script(Path(settings["script"]))
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


def _tell(connection: Connection, host: Host, sending: threading.Lock, period_s: float) -> None:
    """The present world cannot go away meanwhile: ns-3 gives the interpreter back only when a piece is done."""
    while True:
        time.sleep(period_s)
        with sending:
            if host.doing:
                connection.send(("alive", host.sign()))


def _leave_with(descriptor: int) -> None:
    """End this process as soon as the other end is gone, even in the middle of a simulation."""
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
