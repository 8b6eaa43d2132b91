"""All verbs together, and what their errors come to."""

import errno
import sys
from typing import NoReturn

import typer

from testbed.cli import campaigns, data, machine, pages, plots, runs, traces
from testbed.cli.interrupted import Interrupted, listen
from testbed.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)

app = typer.Typer(
    help="Decentralized learning over a packet-level simulation of 802.11a ad-hoc networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verbs in (runs.verbs, pages.verbs, campaigns.verbs, machine.verbs):
    app.add_typer(verbs)
app.add_typer(data.data_app, name="data")
app.add_typer(plots.plot_app, name="plot")
app.add_typer(data.cache_app, name="cache")
app.add_typer(traces.trace_app, name="trace")


def main() -> NoReturn:
    """Run the command line; a user's mistake is a sentence on standard error and exit code 2."""
    listen()
    try:
        app()
    except UserError as error:
        _fail(str(error), 2)
    except Interrupted:
        _fail("Stopped. A run can be resumed with --resume; `sweep` and `reproduce` go on when called again.", 130)
    except OSError as error:
        if error.strerror is None:
            raise
        hint = " Make room; a run can then be resumed with --resume." if error.errno in FULL else ""
        _fail(f"{error.strerror}: {error.filename or 'while writing'}.{hint}", 1)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
