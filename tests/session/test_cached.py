"""Airs that are taken from the cache: the same bytes, without a simulator, and only where they are the same air."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.network.ns3 import Ns3Network
from testbed.scenario import Scenario
from testbed.session import cached
from testbed.session.learner import workload
from testbed.session.observer import Observer
from testbed.trace.store import Store
from tests.needs import ENGINE
from tests.session.scenarios import Interrupt, small, tables


def live(rounds: int = 4, name: str = "dpsgd", **sections: dict[str, Any]) -> Scenario:
    keys = {
        "run": {"rounds": rounds},
        "network": {"kind": "ns3", "hello_s": 0.1},
        "devices": {"churn_s": [3.0, 1.0]},
        "algorithm": {"name": name},
    }
    for section, values in sections.items():
        keys.setdefault(section, {}).update(values)
    return small(**keys)


class Listener(Observer):
    def __init__(self) -> None:
        self.said: list[str] = []

    def noted(self, line: str) -> None:
        self.said.append(line)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Scenario]]:
    """Scenarios for which a live network was made."""
    made: list[Scenario] = []
    make = Ns3Network.__init__

    def counting(self: Ns3Network, scenario: Scenario) -> None:
        made.append(scenario)
        make(self, scenario)

    monkeypatch.setattr(Ns3Network, "__init__", counting)
    return iter([made])


@ENGINE
def test_a_second_algorithm_meets_the_air_without_a_simulator(
    tmp_path: Path, started: Iterator[list[Scenario]]
) -> None:
    made = next(started)
    testbed.run(live(name="dpsgd"), tmp_path / "first")
    assert len(made) == 1
    listener = Listener()
    run = testbed.run(live(name="atc"), tmp_path / "second", observer=listener)
    assert len(made) == 1
    assert "air: 4 of 4 rounds were simulated before and are taken from the cache" in listener.said
    assert run.manifest["rounds_from_cache"] == 4
    assert (run.wall["events"] == 0).all()
    testbed.run(live(name="atc", network={"cache": "off"}), tmp_path / "alone")
    assert len(made) == 2
    assert tables(tmp_path / "second") == tables(tmp_path / "alone")


@ENGINE
def test_a_longer_run_goes_on_live_from_where_the_cache_ends(tmp_path: Path, started: Iterator[list[Scenario]]) -> None:
    made = next(started)
    testbed.run(live(rounds=2), tmp_path / "short")
    testbed.run(live(rounds=5), tmp_path / "long")
    testbed.run(live(rounds=5, network={"cache": "off"}), tmp_path / "alone")
    assert tables(tmp_path / "long") == tables(tmp_path / "alone")
    assert made[1].network.side_m is not None  # not searched for again
    assert [entry.rounds for entry in Store().entries()] == [5]
    testbed.run(live(rounds=3), tmp_path / "middle")
    assert len(made) == 3
    assert [entry.rounds for entry in Store().entries()] == [5]


@ENGINE
def test_a_recording_comes_from_the_cache_and_goes_there(tmp_path: Path, started: Iterator[list[Scenario]]) -> None:
    made = next(started)
    first, again = (testbed.record(live(rounds=3), tmp_path / name) for name in ("first", "again"))
    assert first.exchanges == again.exchanges
    assert len(made) == 1
    files = [sorted(file.read_bytes() for file in (tmp_path / name).iterdir()) for name in ("first", "again")]
    assert files[0] == files[1]


@ENGINE
def test_a_run_that_was_stopped_goes_on_over_a_cached_air(tmp_path: Path) -> None:
    testbed.run(live(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.run(live(), tmp_path / "cut", observer=Interrupt(1, KeyboardInterrupt()))
    testbed.run(live(), tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


@ENGINE
def test_a_damaged_air_is_simulated_anew(tmp_path: Path) -> None:
    testbed.run(live(), tmp_path / "first")
    (entry,) = Store().entries()
    os.truncate(entry.folder / "links.parquet", 50)
    listener = Listener()
    testbed.run(live(), tmp_path / "second", observer=listener)
    assert "is damaged" in listener.said[0]
    assert tables(tmp_path / "first") == tables(tmp_path / "second")
    assert testbed.run(live(), tmp_path / "third", observer=listener).manifest["rounds_from_cache"] == 4


@ENGINE
def test_with_the_cache_off_nothing_is_kept(tmp_path: Path) -> None:
    testbed.run(live(rounds=2, network={"cache": "off"}), tmp_path / "run")
    assert Store().entries() == []


def key(**sections: dict[str, Any]) -> str:
    scenario = live(**sections)
    return cached.key(scenario, workload(scenario))


def test_what_does_not_touch_the_air_is_not_in_its_key() -> None:
    keys = [
        key(),
        key(run={"rounds": 99, "name": "other"}),
        key(algorithm={"name": "hyperprism", "lr": 9.0, "p": 5}),
        key(data={"alpha": 5.0}),
        key(output={"eval_every": 7}),
        key(network={"worker_timeout_s": 5}),
    ]
    assert len(set(keys)) == 1


def test_what_decides_the_air_is_in_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "churn.csv"
    keys = []
    for text in ("0,1,2", "0,1,3"):
        file.write_text(f"device,from_s,until_s\n{text}\n")
        keys.append(key(devices={"churn_s": None, "churn_file": str(file)}))
    moved = file.rename(tmp_path / "moved.csv")
    assert key(devices={"churn_s": None, "churn_file": str(moved)}) == keys[1]
    keys += [
        key(),
        key(run={"seed": 8}),
        key(run={"deadline_s": 9.0}),
        key(devices={"count": 9}),
        key(devices={"churn_s": (3.0, 1.5)}),
        key(devices={"compute_spread": 0.1}),
        key(devices={"battery_j": 5.0}),
        key(network={"density": 0.6}),
        key(network={"repair": "none"}),
        key(algorithm={"batch_size": 17}),
        key(algorithm={"name": "local"}),
        key(model={"name": "mlp"}),
    ]
    monkeypatch.setattr(cached, "engine_info", lambda: {"ns3_version": "3.99"})
    keys.append(key())
    monkeypatch.setattr(cached, "_code", lambda: "changed")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_other_networks_and_modes_have_no_cache(tmp_path: Path) -> None:
    assert not cached.serves(small())
    assert not cached.serves(live(run={"mode": "local", "period_s": 1.0}))
    assert not cached.serves(live(network={"cache": "off"}))
    assert cached.serves(live())
    testbed.run(small(), tmp_path / "run")
    assert Store().entries() == []
