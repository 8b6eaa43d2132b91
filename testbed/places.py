"""Where on this machine things are kept that can be had again."""

import os
from pathlib import Path


def cache() -> Path:
    """TESTBED_CACHE, else `testbed` in XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("TESTBED_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "testbed"
