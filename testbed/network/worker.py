"""The process that runs ns-3: `python -m testbed.network.worker FD`, started by `testbed.network.process`.

ns-3 has one simulator per process, and a failed assertion in it ends the process; here that harms nobody else.
Over the socket FD come pairs `(verb, arguments)`; each is answered by `(True, answer)` or `(False, complaint)`.
"""

import importlib
import os
import select
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any


def main(descriptor: int) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it then closes the socket
    threading.Thread(target=_leave_with, args=[descriptor], daemon=True).start()
    connection, host = Connection(descriptor), Host()
    while True:
        try:
            verb, arguments = connection.recv()
        except EOFError:
            return
        connection.send(host.answer(verb, arguments))


class Host:
    """Holds the one world of this process."""

    def __init__(self) -> None:
        self._world: Any = None

    def answer(self, verb: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        """`open(settings)` makes the world anew and tells its rate; all other verbs are the world's own."""
        try:
            return True, self._open(*arguments) if verb == "open" else getattr(self._world, verb)(*arguments)
        except ValueError as complaint:
            return False, str(complaint)

    def _open(self, settings: dict[str, Any]) -> int:
        engine: Any = importlib.import_module("testbed.network._engine")
        self._world = None  # ns-3 holds one simulator: the old world goes before the new one comes
        self._world = engine.World(settings)
        return int(self._world.rate_bps)


def _leave_with(descriptor: int) -> None:
    """End this process as soon as the other end is gone, even in the middle of a simulation."""
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
