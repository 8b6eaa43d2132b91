"""Settings of all tests: property tests try the same cases every time, however busy the machine is; what tests keep
in the cache goes with them, and of the user's cache they see the data sets alone."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from testbed.places import cache

settings.register_profile("testbed", deadline=None, derandomize=True)
settings.load_profile("testbed")

OWN = Path(tempfile.mkdtemp(prefix="testbed-cache-"))


def pytest_configure() -> None:
    for each in cache().glob("*"):
        if each.name != "airs":
            (OWN / each.name).symlink_to(each.resolve())
    os.environ["TESTBED_CACHE"] = str(OWN)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(OWN, ignore_errors=True)
