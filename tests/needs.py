"""What a test needs from the machine, and the reason that is given where it is not there."""

from importlib.util import find_spec

import pytest

from testbed.errors import UserError
from testbed.learning.backbones.files import folder_of
from testbed.learning.data import TEXTS, load
from testbed.learning.data.texts import files_of
from testbed.network.engine import missing_engine
from testbed.scenario.schema import PRETRAINED

ENGINE = pytest.mark.skipif(missing_engine() is not None, reason=str(missing_engine()))


def _missing(name: str) -> str:
    try:
        if name in PRETRAINED:
            folder_of(name)
        elif name in TEXTS:
            files_of(name)
        else:
            load(name)
    except UserError as error:
        return str(error)
    return "the extra `text` is not installed" if name == "minilm" and not find_spec("transformers") else ""


def needs_data(name: str) -> pytest.MarkDecorator:
    """Skip where the data set, or pretrained model, is not here; `make test` fetches what it can."""
    reason = _missing(name)
    return pytest.mark.skipif(bool(reason), reason=reason)
