"""A sweep that is killed again and again ends as one that never was."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.needs import ENGINE
from tests.sweep.made import BASE, HEAD, written

LIVE = BASE.replace('kind = "graph"', 'kind = "ns3"\nside_m = 50.0').replace("rounds = 2", "rounds = 30")
AXES = """seeds = 2
[set]
output.checkpoint_s = 0
[grid]
algorithm.name = ["dpsgd", "wpm", "mudag"]
"""
KILLS = 5


@ENGINE
@pytest.mark.slow
@pytest.mark.parametrize("base", [BASE.replace("rounds = 2", "rounds = 60"), LIVE], ids=["graph", "live"])
def test_five_kills_change_nothing(base: str, tmp_path: Path) -> None:
    file, delays = written(tmp_path, HEAD + AXES, base), random.Random(1)
    command = [sys.executable, "-m", "testbed", "sweep", str(file), "--jobs", "2", "--out"]
    common: Any = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "TESTBED_CACHE_GB": "0"}}
    subprocess.run([*command, str(tmp_path / "whole")], check=True, **common)
    for _ in range(KILLS):
        process = subprocess.Popen([*command, str(tmp_path / "killed")], **common)
        wait_for_a_new_file(tmp_path / "killed", process)
        time.sleep(delays.uniform(0, 2))
        process.kill()
        process.wait()
    subprocess.run([*command, str(tmp_path / "killed")], check=True, **common)
    assert any('"resumed"' in log.read_text() for log in tmp_path.glob("killed/cells/*/log.jsonl"))
    tables = sorted(file.relative_to(tmp_path / "whole") for file in tmp_path.glob("whole/cells/**/*.parquet"))
    tables = [table for table in tables if table.name != "wall.parquet"]
    assert len(tables) > 30
    for table in tables:
        assert (tmp_path / "killed" / table).read_bytes() == (tmp_path / "whole" / table).read_bytes(), table


def wait_for_a_new_file(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Until it has set up and begun to work, or ended."""
    before = set(folder.glob("*/*/*"))
    while process.poll() is None and set(folder.glob("*/*/*")) == before:
        time.sleep(0.05)
