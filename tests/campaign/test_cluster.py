"""Jobs on a Ray cluster of two nodes, both on this machine."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.campaign import Store, work
from testbed.campaign.cluster import RayEngine
from testbed.errors import UserError
from testbed.results import Run
from testbed.scenario import Scenario
from tests.campaign import made
from tests.campaign.made import TINY, Cell, Heard, Inline, Jobs

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install testbed[ray]")
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"
)


@dataclass(frozen=True)
class Deadly(Cell):
    """Its process is killed the first time, before its first round."""

    mark: str = ""

    def scenario(self, recording: Path | None) -> Scenario:
        if not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.run


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    for module in (made, __import__(__name__, fromlist=["Deadly"])):
        ray.cloudpickle.register_pickle_by_value(module)
    yield cluster.address
    cluster.shutdown()


def test_two_nodes_do_what_one_process_does(address: str, tmp_path: Path) -> None:
    cells = [
        *(Cell(f"cell{seed}", run=seeded(seed)) for seed in (1, 2)),
        Deadly("deadly", mark=str(tmp_path / "mark")),
    ]
    heard, engine = Heard(), RayEngine(1, address)
    (tmp_path / "ray").mkdir()
    assert work(Jobs(tmp_path / "ray", cells, Store(tmp_path / "ray")), engine, None, heard) == []
    assert engine.workers == 2
    assert (tmp_path / "mark").exists()
    assert work(Jobs(tmp_path / "here", cells, Store(tmp_path / "here")), Inline(), None, Heard()) == []
    for cell in cells:
        there, here = (Run(tmp_path / place / "cells" / cell.name) for place in ("ray", "here"))
        for table in ("rounds.parquet", "devices.parquet"):
            assert (there.folder / table).read_bytes() == (here.folder / table).read_bytes()


def test_a_machine_that_does_not_see_the_folder_says_so(address: str, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, [Cell("cell")], Store(tmp_path / "not" / "here"))
    (failed,) = work(jobs, RayEngine(1, address), None, Heard())
    assert "does not see the folder" in failed.told


def test_no_cluster_there() -> None:
    with pytest.raises(UserError, match="nobody answers there"), RayEngine(1, "127.0.0.1:1"):
        pass


def seeded(seed: int) -> Scenario:
    return TINY.model_copy(update={"run": TINY.run.model_copy(update={"seed": seed})})
