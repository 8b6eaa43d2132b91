"""No test of this room sees the data of the machine it runs on."""

from pathlib import Path

import pytest

from testbed.learning.data import places


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TESTBED_DATA", raising=False)
    monkeypatch.setattr(places, "SYSTEM", tmp_path / "system")
