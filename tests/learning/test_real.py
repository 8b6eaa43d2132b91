"""Against the data themselves, where they are on this machine; nothing is fetched."""

import os
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.learning.data import DataSet, load

CACHE, DATA = os.environ.get("TESTBED_CACHE"), os.environ.get("TESTBED_DATA")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, empty_machine: None) -> None:
    """The data of this machine after all."""
    from testbed.learning.data import places

    monkeypatch.setattr(places, "SYSTEM", Path("/usr/share/datasets"))
    for key, value in (("TESTBED_CACHE", CACHE), ("TESTBED_DATA", DATA)):
        monkeypatch.setenv(key, value) if value else monkeypatch.delenv(key, raising=False)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_whole_sets_are_balanced_and_normalised(name: str) -> None:
    try:
        data = load(name, pixels="standard")
    except UserError as missing:
        pytest.skip(str(missing))
    counts = {"mnist": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], "fashion-mnist": [1000] * 10}
    assert data.test_y.bincount().tolist() == counts[name]
    assert abs(data.train_x.mean().item()) < 1e-3
    assert abs(data.train_x.std().item() - 1) < 1e-3
    assert isinstance(data, DataSet)
