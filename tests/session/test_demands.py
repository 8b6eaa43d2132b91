"""What an algorithm asks of its network, over graphs, traces and the air, and what is said where it is not so."""

import time
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import testbed
from testbed.algorithms import Algorithm, create, find, names
from testbed.algorithms.common.algorithm import Demand
from testbed.algorithms.dpsgd import DPSGD
from testbed.errors import UserError
from testbed.network import connect, connect_medium
from testbed.network.graph import GraphNetwork
from testbed.scenario import Scenario
from testbed.session.demands import Doubt, doubts, hold
from testbed.session.observer import Observer
from tests.network.links import SECOND, clock_trace
from tests.session.scenarios import small


class Heard(Observer):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def noted(self, line: str) -> None:
        self.lines.append(line)


class Live:
    """A network of which nothing is known before it is asked."""


def asking(symmetric: Demand = "no", connected: Demand = "no", fixed: Demand = "no") -> Algorithm:
    own = {"title": "Mine", "symmetric": symmetric, "connected": connected, "fixed": fixed}
    return type("Mine", (DPSGD,), own)(small().algorithm, {}, 8, 1)  # type: ignore[no-any-return]


def over(graph: str, **sections: dict[str, Any]) -> Scenario:
    return small(network={"graph": graph, "density": None}, **sections)


def facts(scenario: Scenario, network: Any = None) -> dict[str, str]:
    return {doubt.name: doubt.fact for doubt in doubts(scenario, network or connect(scenario))}


def test_graphs_that_stay_as_they_are() -> None:
    for shape in ("ring", "line", "star", "complete"):
        assert facts(over(shape)) == {}
    assert facts(over("empty")) == {
        "joined": "some devices never reach each other",
        "connected": "in every round some devices do not reach each other",
    }


def test_a_file_with_a_one_way_link(tmp_path: Path) -> None:
    graph = nx.DiGraph(nx.path_graph(8))
    graph.remove_edge(3, 2)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    found = facts(over(str(tmp_path / "g.graphml")))
    assert found["symmetric"] == "in every round some links go one way"
    assert found["connected"] == "in every round some devices do not reach each other"


def test_random_graphs_change_and_are_apart_in_some_rounds() -> None:
    scenario = small(network={"density": 0.3})
    graphs = [nx.from_numpy_array(GraphNetwork(8, 3, scenario.network, 10).adjacency(round_)) for round_ in range(6)]
    assert [nx.is_connected(graph) for graph in graphs].count(False) == 1
    found = facts(scenario)
    assert found["connected"] == "in 1 of 6 rounds some devices do not reach each other"
    assert found["fixed"] == "links change"
    assert facts(small(network={"density": 1.0})) == {}


def test_of_many_devices_the_first_rounds_are_looked_at() -> None:
    scenario = small(devices={"count": 1000}, network={"density": 0.001}, run={"rounds": 1000})
    began = time.monotonic()
    assert facts(scenario)["connected"] == "in all of the first 20 rounds some devices do not reach each other"
    assert time.monotonic() - began < 20


def test_periods_of_the_event_driven_modes() -> None:
    scenario = small(network={"density": 0.3}, run={"mode": "async", "period_s": 1})
    found = {doubt.name: doubt.fact for doubt in doubts(scenario, connect_medium(scenario))}
    assert found["connected"] == "in 1 of 6 periods some devices do not reach each other"


def test_the_rounds_of_a_recording(tmp_path: Path) -> None:
    testbed.record(small(network={"density": 0.3}), tmp_path / "trace")
    live = facts(small(network={"density": 0.3}))
    for semantics in ("exact", "links"):
        replayed = small(network={"kind": "replay", "trace": str(tmp_path / "trace"), "replay": semantics})
        assert facts(replayed) == live


def test_the_links_of_an_imported_trace(tmp_path: Path) -> None:
    rows = [(0, 1, 0, 10 * SECOND), (1, 0, 0, 10 * SECOND), (2, 3, 5 * SECOND, 9 * SECOND)]
    testbed.trace.write(clock_trace(4, rows), tmp_path / "trace")
    keys = {"kind": "replay", "trace": str(tmp_path / "trace"), "replay": "links", "density": None}
    scenario = small(devices={"count": 4}, network=keys)
    assert facts(scenario) == {
        "joined": "some devices never reach each other",
        "symmetric": "in the trace some links go one way",
        "connected": "in the trace some devices do not reach each other",
        "fixed": "links change",
    }


def test_a_live_air_is_known_by_its_keys() -> None:
    keys = {"kind": "ns3", "density": 0.1, "repair": "none"}
    assert facts(small(devices={"count": 20}, network=keys), Live()) == {
        "symmetric": 'network.repair = "none" may lose a message one way alone',
        "connected": "some are likely apart, as each device has 1.9 neighbours in the mean, and ln 20 = 3.0 connect "
        "devices placed at random",
        "fixed": 'network.mobility = "redraw" moves the devices',
    }
    assert facts(small(network={"kind": "ns3", "density": None, "side_m": 100, "mobility": "static"}), Live()) == {}


def test_an_air_that_was_simulated_before_is_known(tmp_path: Path) -> None:
    network = Live()
    network.trace = testbed.record(small(network={"density": 0.3}), tmp_path / "trace")  # type: ignore[attr-defined]
    found = facts(small(network={"kind": "ns3", "density": 0.3}), network)
    assert found == facts(small(network={"density": 0.3}))


def test_devices_that_go_away() -> None:
    scenario = over("ring", devices={"churn_s": (5, 1), "battery_j": 10.0})
    assert list(doubts(scenario, connect(scenario))) == [
        Doubt(name, f"devices go away (devices.{key})", certain=False)
        for key in ("churn_s", "battery_j")
        for name in ("connected", "fixed")
    ]


def test_what_is_asked_decides_what_is_said() -> None:
    scenario, heard = small(network={"density": 0.3}), Heard()
    network = connect(scenario)
    hold(scenario, asking(), network, heard)
    assert heard.lines == []
    hold(scenario, asking(connected="warning", fixed="warning"), network, heard)
    assert heard.lines == [
        "warning: Mine asks for a path between any two devices in every round, but in 1 of 6 rounds some devices do "
        "not reach each other: its theory does not hold here",
        "warning: Mine asks for the same links in every round, but links change: its theory does not hold here",
    ]
    with pytest.raises(
        UserError, match=r"Mine \(algorithm.name\) needs the same links in every round, but links change"
    ):
        hold(scenario, asking(fixed="error"), network, heard)


def test_what_only_may_be_is_no_error() -> None:
    scenario, heard = over("ring", devices={"churn_s": (5, 1)}), Heard()
    hold(scenario, asking(fixed="error"), connect(scenario), heard)
    assert heard.lines == [
        "warning: Mine asks for the same links in every round, but devices go away (devices.churn_s): its theory may "
        "not hold here"
    ]


@pytest.mark.parametrize("mode", ["barrier", "async"])
def test_a_run_says_it_before_its_first_round(tmp_path: Path, mode: str) -> None:
    graph = nx.DiGraph(nx.path_graph(8))
    graph.remove_edge(3, 2)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    heard = Heard()
    period = {"mode": mode, "period_s": 0.001, "rounds": 1}
    own = {"name": "wpm", "p": 2.0}
    testbed.run(over(str(tmp_path / "g.graphml"), run=period, algorithm=own), tmp_path / "run", observer=heard)
    assert heard.lines[0].startswith("algorithm.p = 2 is no odd integer")
    word = "round" if mode == "barrier" else "period"
    assert heard.lines[1:] == [
        "warning: WPM asks for a path between any two devices over all rounds together, but some devices never reach "
        "each other: its theory does not hold here",
        f"warning: WPM asks for links that go both ways, but in every {word} some links go one way: its theory does "
        "not hold here",
    ]


def test_an_error_comes_before_anything_is_written(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from testbed.algorithms.dpsgd import DPSGD\n\n\nclass Mine(DPSGD):\n"
        "    title = 'Mine'\n    connected = 'error'\n"
    )
    with pytest.raises(UserError, match=r"Mine .* needs a path between any two devices"):
        testbed.run(over("empty", algorithm={"name": str(file)}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def in_pieces(folder: Path, name: str, **sections: dict[str, Any]) -> Scenario:
    nx.write_graphml(nx.disjoint_union(nx.path_graph(4), nx.path_graph(4)), folder / "g.graphml")
    return over(str(folder / "g.graphml"), algorithm={"name": name, "condition": 4.0}, **sections)


@pytest.mark.parametrize("name", [name for name in names() if find(name).needs_air])
def test_over_a_graph_in_pieces_nobody_agrees(tmp_path: Path, name: str) -> None:
    scenario, heard = in_pieces(tmp_path, name), Heard()
    algorithm, network = create(scenario.algorithm, {"decision": slice(0, 1)}, 8, 1), connect(scenario)
    if algorithm.exact:
        with pytest.raises(UserError, match="over all rounds together, but some devices never reach each other"):
            hold(scenario, algorithm, network, heard)
    else:
        hold(scenario, algorithm, network, heard)
        assert len([line for line in heard.lines if "never reach each other: its theory does not hold" in line]) == 1


def test_rounds_that_together_join_all_are_no_pieces() -> None:
    scenario = small(network={"density": 0.15})
    assert list(facts(scenario)) == ["connected", "fixed"], "apart in 5 of 6 rounds"
    assert "joined" in facts(small(network={"density": 0.02}))
    some = small(devices={"count": 1000}, network={"density": 1e-6}, run={"rounds": 1000})
    assert "joined" not in facts(some), "980 rounds were not looked at"


def test_the_pieces_of_a_recording(tmp_path: Path) -> None:
    scenario = in_pieces(tmp_path, "dpsgd")
    testbed.record(scenario, tmp_path / "trace")
    for semantics in ("exact", "links"):
        keys = {"kind": "replay", "trace": str(tmp_path / "trace"), "replay": semantics, "density": None}
        assert "joined" in facts(small(network=keys))


def test_one_device_alone_is_no_complaint(tmp_path: Path) -> None:
    scenario, heard = over("empty", devices={"count": 1}), Heard()
    hold(scenario, asking(connected="error"), connect(scenario), heard)
    assert heard.lines == []


def test_who_sends_nothing_asks_nothing() -> None:
    scenario, heard = over("empty", algorithm={"name": "allreduce"}), Heard()
    hold(scenario, create(scenario.algorithm, {}, 8, 1), connect(scenario), heard)
    assert heard.lines == []
