"""No test of this room sees the data of the machine it runs on, but for those that ask for it."""

import os
from pathlib import Path

import pytest

from testbed.learning.data import places


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TESTBED_DATA", raising=False)
    monkeypatch.setattr(places, "SYSTEM", tmp_path / "system")


CACHE, DATA = os.environ.get("TESTBED_CACHE"), os.environ.get("TESTBED_DATA")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, empty_machine: None) -> None:
    """The data of this machine after all."""
    monkeypatch.setattr(places, "SYSTEM", Path("/usr/share/datasets"))
    for key, value in (("TESTBED_CACHE", CACHE), ("TESTBED_DATA", DATA)):
        monkeypatch.setenv(key, value) if value else monkeypatch.delenv(key, raising=False)
