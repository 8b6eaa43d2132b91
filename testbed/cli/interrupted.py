"""What Ctrl-C, or a request to end, does to a verb."""

import signal
from typing import NoReturn


class Interrupted(BaseException):
    """Not a KeyboardInterrupt, which typer would end without a word."""


def listen() -> None:
    """From now on both raise `Interrupted` in the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise Interrupted
