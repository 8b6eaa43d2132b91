"""What a test needs from the machine, and the reason that is given where it is not there."""

import pytest

from testbed.errors import UserError
from testbed.learning.data import load
from testbed.network.engine import missing_engine

ENGINE = pytest.mark.skipif(missing_engine() is not None, reason=str(missing_engine()))


def _missing(name: str) -> str:
    try:
        load(name)
    except UserError as error:
        return str(error)
    return ""


def needs_data(name: str) -> pytest.MarkDecorator:
    """Skip where the data set is not here; `make test` fetches what it can."""
    reason = _missing(name)
    return pytest.mark.skipif(bool(reason), reason=reason)
