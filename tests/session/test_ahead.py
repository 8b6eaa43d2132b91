"""Rounds carried ahead: the same rounds in the same order, errors in their place, an end that does not wait."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.errors import UserError
from testbed.exchange import Absences, Exchange, Outbox
from testbed.network import Network, connect
from testbed.results import Run
from testbed.session import entry
from testbed.session.ahead import Ahead
from testbed.session.air import Air
from testbed.session.learner import workload
from tests.needs import ENGINE
from tests.session.scenarios import Interrupt, small, tables

SCENARIO = small(run={"rounds": 12}, devices={"churn_s": [0.05, 0.02], "battery_j": 0.1, "compute_spread": 0.5})
SECONDS = 60.0
"""Longer than anything here takes; a test that waits so long fails."""


class Watched:
    """A graph network that counts, and calls `before` with the number of each round; `close` opens its gate."""

    events = 0
    devices = 8

    def __init__(self, before: Callable[[int], None] = lambda round_: None) -> None:
        self._network, self._before = connect(SCENARIO), before
        self.asked: list[int] = []
        self.grown = threading.Condition()
        self.gate = threading.Event()

    def describe(self) -> dict[str, Any]:
        return self._network.describe()

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences) -> Exchange:
        with self.grown:
            self.asked.append(round_)
            self.grown.notify_all()
        self._before(round_)
        return self._network.exchange(round_, opened_ns, outbox, absences)

    def close(self) -> None:
        self.gate.set()


def ahead(network: Network, depth: int = 3, rounds: int = 12) -> tuple[Air, Ahead]:
    air = Air(SCENARIO, workload(SCENARIO), network)
    return air, Ahead(air, rounds, depth)


def test_the_rounds_are_those_that_are_carried_when_asked_for() -> None:
    air, carrier = ahead(Watched())
    moment = air.start()
    with closing(carrier):
        for _ in range(12):
            told, asked = carrier.carry(moment), air.carry(moment)
            assert told.exchange == asked.exchange
            assert told.outbox == asked.outbox
            assert told.after.used_j.tolist() == asked.after.used_j.tolist()
            moment = told.after


def test_it_goes_so_many_rounds_ahead_and_no_further() -> None:
    network = Watched()
    air, carrier = ahead(network, depth=3)
    with closing(carrier):
        after = carrier.carry(air.start()).after
        with network.grown:
            assert network.grown.wait_for(lambda: len(network.asked) == 4, SECONDS)
        carrier.carry(after)
        with network.grown:
            assert network.grown.wait_for(lambda: len(network.asked) == 5, SECONDS)
    assert network.asked == [0, 1, 2, 3, 4]


def test_it_begins_when_a_round_is_expected_and_says_whether_it_is_ready() -> None:
    def hang(round_: int) -> None:
        if round_ == 1:
            assert network.gate.wait(SECONDS)

    network = Watched(hang)
    air, carrier = ahead(network)
    with closing(carrier):
        assert not air.expect(air.start())
        carrier.expect(air.start())
        with network.grown:
            assert network.grown.wait_for(lambda: network.asked == [0, 1], SECONDS)
        assert not carrier.expect(air.start())
        assert carrier.expect(carrier.carry(air.start()).after)


def test_it_ends_with_the_last_round() -> None:
    network = Watched()
    air, carrier = ahead(network, depth=50, rounds=4)
    with closing(carrier):
        moment = air.start()
        for _ in range(4):
            moment = carrier.carry(moment).after
    assert network.asked == [0, 1, 2, 3]


def test_an_error_surfaces_at_the_round_it_belongs_to_and_again() -> None:
    def fail(round_: int) -> None:
        if round_ == 2:
            raise UserError("The worker died.")

    air, carrier = ahead(Watched(fail))
    with closing(carrier):
        moment = carrier.carry(carrier.carry(air.start()).after).after
        for _ in range(2):
            with pytest.raises(UserError, match="The worker died"):
                carrier.carry(moment)


def test_closing_ends_it_in_the_middle_of_a_round() -> None:
    def hang(round_: int) -> None:
        assert network.gate.wait(SECONDS)  # as a worker that simulates: it is let go by `close`

    network = Watched(hang)
    air, carrier = ahead(network)
    waiting = threading.Thread(target=carrier.carry, args=[air.start()], daemon=True)
    waiting.start()
    with network.grown:
        assert network.grown.wait_for(lambda: network.asked, SECONDS)
    carrier.close()
    assert network.asked == [0]


def test_closing_what_never_began_is_harmless() -> None:
    network = Watched()
    carrier = ahead(network)[1]
    carrier.close()
    carrier.close()
    assert network.asked == []


def test_rounds_out_of_order_are_a_mistake() -> None:
    air, carrier = ahead(Watched())
    with closing(carrier):
        after = carrier.carry(air.start()).after
        with pytest.raises(RuntimeError, match="round 0 was asked for, round 1 comes next"):
            carrier.carry(air.start())
        assert after.round_ == 1


def test_a_run_with_rounds_ahead_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    testbed.run(SCENARIO, tmp_path / "plain")
    monkeypatch.setattr(entry, "_is_live", lambda scenario: True)
    testbed.run(SCENARIO, tmp_path / "ahead")
    assert tables(tmp_path / "plain") == tables(tmp_path / "ahead")
    with pytest.raises(KeyboardInterrupt):
        testbed.run(SCENARIO, tmp_path / "cut", observer=Interrupt(4, KeyboardInterrupt()))
    assert len(Run(tmp_path / "cut").rounds["round"]) == 5
    testbed.run(SCENARIO, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "plain") == tables(tmp_path / "cut")
    assert not any(thread.name == "testbed-ahead" for thread in threading.enumerate())


@ENGINE
def test_a_live_run_with_rounds_ahead_is_the_recording_of_its_air(tmp_path: Path) -> None:
    scenario = small(
        run={"rounds": 5},
        devices={"churn_s": [2.0, 1.0]},
        network={"kind": "ns3", "cache": "off", "hello_s": 0.1},
        algorithm={"name": "hyperprism"},
    )
    run = testbed.run(scenario, tmp_path / "live")
    trace = testbed.record(scenario, tmp_path / "trace")
    assert testbed.trace.read(run.folder).exchanges == trace.exchanges
    assert (run.wall["events"] > 0).all()
    assert (run.wall["simulation_s"] > 0).all()
    testbed.replay(tmp_path / "live", scenario, tmp_path / "again")
    assert (tmp_path / "again/rounds.parquet").read_bytes() == (run.folder / "rounds.parquet").read_bytes()
