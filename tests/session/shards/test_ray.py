"""Runs sharded over a cluster of two nodes on this machine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import testbed
from testbed.errors import UserError
from testbed.session import Ray
from testbed.session.observer import Observer
from testbed.session.shards import actors
from testbed.session.shards.cluster import imported
from testbed.session.shards.lead import Lead
from tests.session.scenarios import Interrupt, small, tables

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.timeout(600),
    # Ray leaves its own log files and child processes to the garbage collector.
    pytest.mark.filterwarnings("ignore:(unclosed file|subprocess).*:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*:pytest.PytestUnraisableExceptionWarning"),
]

SCENARIO = small(algorithm={"name": "hyperprism"}, model={"name": "mlp"}, output={"checkpoint_s": 0.0})


class Listener(Observer):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def noted(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    imported()
    from ray.cluster_utils import Cluster

    store = {"num_cpus": 2, "object_store_memory": 200_000_000, "include_dashboard": False}
    two = Cluster(initialize_head=True, head_node_args=store)
    two.second = two.add_node(num_cpus=2, object_store_memory=200_000_000)
    yield two
    two.shutdown()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("local")
    testbed.run(SCENARIO, folder / "run")
    return tables(folder / "run")


def killed_in(round_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one shard die by SIGKILL while it trains in that round."""
    carry, done = Lead._carry, []

    def and_kill(lead: Lead, standing: Any) -> Any:
        if standing.round_ == round_ and not done:
            actor = lead._crew._actors[1]  # type: ignore[attr-defined]
            done.append(os.kill(ray.get(actor.facts.remote()).pid, signal.SIGKILL))
        return carry(lead, standing)

    monkeypatch.setattr(Lead, "_carry", and_kill)


def test_three_shards_on_two_nodes_make_the_tables_of_a_local_run(
    nodes: Any, local: dict[str, bytes], tmp_path: Path
) -> None:
    listener = Listener()
    testbed.run(SCENARIO, tmp_path / "run", engine=Ray(nodes.address, 3), observer=listener)
    assert tables(tmp_path / "run") == local
    assert "engine: ray, 3 shards of 2 to 3 devices" in listener.lines
    assert not ray.is_initialized()


def test_a_shard_killed_in_a_round_changes_nothing(
    nodes: Any, local: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_in(2, monkeypatch)
    listener = Listener()
    testbed.run(SCENARIO, tmp_path / "run", engine=Ray(nodes.address, 2), observer=listener)
    assert tables(tmp_path / "run") == local
    assert [line for line in listener.lines if line.startswith("round 2 begins again")]


@pytest.mark.slow
def test_a_run_goes_on_with_another_engine(nodes: Any, local: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        testbed.run(
            SCENARIO, tmp_path / "run", engine=Ray(nodes.address, 2), observer=Interrupt(2, KeyboardInterrupt())
        )
    with pytest.raises(KeyboardInterrupt):
        testbed.run(SCENARIO, tmp_path / "run", resume=True, observer=Interrupt(3, KeyboardInterrupt()))
    testbed.run(SCENARIO, tmp_path / "run", resume=True, engine=Ray(nodes.address, 4))
    assert tables(tmp_path / "run") == local


def test_errors_are_those_of_a_local_run(nodes: Any, tmp_path: Path) -> None:
    scenario = small(algorithm={"lr": 1e6})
    with pytest.raises(UserError, match="The run diverged in round"):
        testbed.run(scenario, tmp_path / "run", engine=Ray(nodes.address, 2))
    with pytest.raises(UserError, match="--shards 9: there are only 8 devices"):
        testbed.run(SCENARIO, tmp_path / "more", engine=Ray(nodes.address, 9))
    with pytest.raises(UserError, match="the cluster has 4 CPUs"):
        testbed.run(SCENARIO, tmp_path / "cpus", engine=Ray(nodes.address, 8))
    assert not (tmp_path / "more").exists()


def test_another_testbed_on_a_node_is_refused(nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = actors.facts()
    changed = type(mine)(mine.host, mine.pid, "another", mine.versions, mine.arithmetic)
    monkeypatch.setattr(actors, "facts", lambda: changed)
    with pytest.raises(UserError, match="has another testbed, and not what is here"):
        testbed.run(SCENARIO, tmp_path / "run", engine=Ray(nodes.address, 2))


@pytest.mark.slow
def test_a_lost_node_costs_the_rounds_since_the_checkpoint(
    nodes: Any, local: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry, done = Lead._carry, []

    def and_lose(lead: Lead, standing: Any) -> Any:
        if standing.round_ == 3 and not done:
            done.append(True)
            nodes.remove_node(nodes.second, allow_graceful=False)
        return carry(lead, standing)

    monkeypatch.setattr(Lead, "_carry", and_lose)
    listener, output = Listener(), SCENARIO.output.model_copy(update={"checkpoint_s": 1e6})
    seldom = SCENARIO.model_copy(update={"output": output})  # what was fetched for a checkpoint would outlive its node
    testbed.run(seldom, tmp_path / "run", engine=Ray(nodes.address, 2), observer=listener)
    assert tables(tmp_path / "run") == local
    assert [line for line in listener.lines if line.startswith("the run goes on from its last checkpoint")]
