"""The error that a person at the keyboard is meant to read."""


class UserError(Exception):
    """A mistake in what was asked for: one sentence that says what is wrong, where, and what to do.

    The command line prints it without a traceback; in Python it is an ordinary exception.
    """
