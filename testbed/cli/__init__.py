"""The verbs of the command line. Each loads what it needs when it is called, so that `--help` is quick."""

from testbed.cli.entry import app, main
from testbed.cli.interrupted import Interrupted

__all__ = ["Interrupted", "app", "main"]
