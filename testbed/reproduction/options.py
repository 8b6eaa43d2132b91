"""Checks of what the command line asks for."""

from collections.abc import Collection

from testbed.errors import UserError


def check(name: str, value: object, known: Collection[object]) -> None:
    """Raises UserError for a value that is none of those known."""
    if value not in known:
        raise UserError(f"{name} {value!r} is not known here: choose among {', '.join(map(str, known))}.")
