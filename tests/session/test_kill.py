"""A run that is killed again and again ends with the tables of one that was not."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import testbed
from testbed.results import Run
from testbed.scenario import Scenario, dumps
from tests.needs import ENGINE
from tests.session.scenarios import small, tables

LOOP = """
import sys, testbed
scenario = testbed.scenario.load(sys.argv[1])
print("loaded", flush=True)
import testbed.session
print("ready", flush=True)
testbed.run(scenario, sys.argv[2], resume=True)
"""


def run_and_kill(scenario_file: Path, folder: Path, after_s: float) -> bool:
    """Run in a process that dies by SIGKILL so many seconds after it was set up; true if it ended before."""
    process = subprocess.Popen([sys.executable, "-c", LOOP, scenario_file, folder], stdout=subprocess.PIPE)
    assert process.stdout is not None
    while process.stdout.readline() != b"ready\n":
        assert process.poll() is None
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    process.stdout.close()
    return process.wait() == 0


def kill_and_compare(scenario: Scenario, folder: Path, kills: int, seconds: float, seed: int = 1) -> None:
    began = time.monotonic()
    testbed.run(scenario, folder / "whole")
    whole_s = time.monotonic() - began
    file = folder / "scenario.toml"
    file.write_text(dumps(scenario))
    draw, killed = random.Random(seed), 0
    while killed < kills and not run_and_kill(file, folder / "cut", draw.uniform(0, min(whole_s, seconds))):
        killed += 1
    assert killed == kills
    testbed.run(scenario, folder / "cut", resume=True)
    assert Run(folder / "cut").finished
    assert tables(folder / "whole") == tables(folder / "cut")


def test_a_run_killed_three_times_ends_the_same(tmp_path: Path) -> None:
    scenario = small(run={"rounds": 150}, algorithm={"name": "hyperprism"}, output={"checkpoint_s": 0.1})
    kill_and_compare(scenario, tmp_path, 3, 0.8)


@pytest.mark.parametrize("mode", [pytest.param("local", marks=pytest.mark.slow), "async"])
def test_an_eventful_run_killed_twice_ends_the_same(tmp_path: Path, mode: str) -> None:
    kill_and_compare(eventful(mode, 40), tmp_path, 2, 0.8)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", ["local", "async"])
@pytest.mark.parametrize("seed", range(4))
def test_eventful_runs_killed_at_random_moments_end_the_same(tmp_path: Path, mode: str, seed: int) -> None:
    kill_and_compare(eventful(mode, 500, seed), tmp_path, 6, 1.5, seed)


def eventful(mode: str, rounds: int, seed: int = 3) -> Scenario:
    """Devices of unequal speed that come and go."""
    return small(
        run={"mode": mode, "rounds": rounds, "period_s": 0.001, "deadline_s": [0.001, 0.002], "seed": seed},
        devices={"compute_spread": 0.5, "churn_s": [0.02, 0.005], "profile": "raspberry-pi-4"},
        network={"rate": "1Gbps", "latency_s": 1e-5},
        output={"checkpoint_s": 0.1},
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_runs_killed_at_random_moments_end_the_same(tmp_path: Path, seed: int) -> None:
    scenario = small(run={"rounds": 800, "seed": seed}, algorithm={"name": "hyperprism"}, output={"checkpoint_s": 0.2})
    kill_and_compare(scenario, tmp_path, 4, 1.0, seed)


@pytest.mark.slow
@pytest.mark.timeout(900)
@ENGINE
def test_a_live_run_killed_at_random_moments_ends_the_same(tmp_path: Path) -> None:
    scenario = small(run={"rounds": 60}, network={"kind": "ns3"}, output={"checkpoint_s": 0})
    kill_and_compare(scenario, tmp_path, 6, 2.5)
