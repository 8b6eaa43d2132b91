"""A run in shards is the run in one piece, bit for bit; here with all shards in this process."""

from typing import Any

import pytest
import torch

from testbed.algorithms import find, names
from testbed.errors import UserError
from testbed.network import connect
from testbed.scenario import Scenario
from testbed.session.air import Air
from testbed.session.barrier import Barrier, Outcome, Standing
from testbed.session.divergence import Diverged
from testbed.session.learner import Learner
from testbed.session.observer import Observer
from testbed.session.recorder import device_rows, round_row
from testbed.session.shards import refuse
from testbed.session.shards.crew import Answer, InProcess, Lost
from testbed.session.shards.cut import cut
from testbed.session.shards.lead import ATTEMPTS, Lead
from testbed.session.shards.shard import Shard
from testbed.session.stopwatch import Stopwatch
from tests.session.scenarios import small

SHARDABLE = sorted(name for name in names() if find(name).shardable and "barrier" in find(name).modes)


def rows(outcome: Outcome) -> bytes:
    """Of both tables, as text that tells every bit of a number; arrays as bytes."""
    values = {**round_row(outcome), **device_rows(outcome)}
    return b"".join(name.encode() + torch.as_tensor(value).numpy().tobytes() for name, value in values.items())


def state(standing: Standing) -> dict[str, bytes]:
    tensors = {"models": standing.models, **standing.state}
    return {name: tensor.contiguous().numpy().tobytes() for name, tensor in tensors.items()}


def whole(scenario: Scenario) -> tuple[list[bytes], Standing]:
    learner = Learner(scenario)
    barrier = Barrier(scenario, learner, Air(scenario, learner.workload, connect(scenario)))
    standing, told = barrier.start(), []
    for _ in range(scenario.run.rounds):
        standing, outcome = barrier.step(standing, Stopwatch())
        told.append(rows(outcome))
    return told, standing


def lead_of(scenario: Scenario, shards: int, kind: type[InProcess] = InProcess) -> Lead:
    learner = Learner(scenario)
    held = [Shard(scenario, Learner(scenario), part) for part in cut(scenario.devices.count, shards)]
    air = Air(scenario, learner.workload, connect(scenario))
    return Lead(scenario, learner.algorithm, air, kind(held), Observer())


def in_shards(scenario: Scenario, shards: int, kind: type[InProcess] = InProcess) -> tuple[list[bytes], Standing]:
    lead = lead_of(scenario, shards, kind)
    standing, told = lead.start(), []
    for _ in range(scenario.run.rounds):
        standing, outcome = lead.step(standing, Stopwatch())
        told.append(rows(outcome))
    return told, standing.here()


def assert_same(scenario: Scenario, shards: int, kind: type[InProcess] = InProcess) -> None:
    (tables, end), (own, own_end) = whole(scenario), in_shards(scenario, shards, kind)
    assert tables == own
    assert state(end) == state(own_end)


@pytest.mark.parametrize("shards", [1, 3, 8])
@pytest.mark.parametrize("name", SHARDABLE)
def test_every_algorithm_that_can_be_sharded(name: str, shards: int) -> None:
    assert_same(small(run={"rounds": 3}, algorithm={"name": name}), shards)


def test_those_are_the_ones_that_were_promised() -> None:
    assert {"adom", "dpsgd", "hyperprism", "local", "mudag", "swarm", "wpm"} <= set(SHARDABLE)


@pytest.mark.parametrize(
    "sections",
    [
        {"algorithm": {"name": "hyperprism", "variant": "mirror", "momentum": 0.9}},
        {"algorithm": {"name": "atc", "optimizer": "adamw", "clip": 1.0, "local_steps": 2}},
        {"algorithm": {"name": "swarm", "quantiser": "lattice"}},
        {"algorithm": {"name": "swarm", "pairing": "one_pair"}},
        {"algorithm": {"name": "wpm", "p": 2.5}, "model": {"name": "mlp"}},
        {"algorithm": {"momentum": 0.9}, "devices": {"churn_s": [0.02, 0.01]}, "run": {"rounds": 8}},
        {"devices": {"count": 21}, "network": {"density": 0.05}},
        {"devices": {"battery_j": 0.02}, "run": {"rounds": 4}},
    ],
)
def test_whatever_else_a_scenario_says(sections: dict[str, Any]) -> None:
    assert_same(small(**{"run": {"rounds": 3}, **sections}), 3)


def test_a_shard_keeps_its_own_samples_alone() -> None:
    scenario = small()
    shard = Shard(scenario, Learner(scenario), slice(0, 2))
    assert len(shard._fleet.data.train_y) < len(shard.learner.fleet.data.train_y) / 2


class Mortal(InProcess):
    """Loses everybody in the middle of the second round, and at the end of the third."""

    def __init__(self, held: list[Shard]) -> None:
        super().__init__(held)
        self.asked, self.revived = 0, 0

    def read(self, answers: list[Answer]) -> list[Any]:
        self.asked += 1
        if self.asked in (3, 5):
            raise Lost("killed")
        return super().read(answers)

    def revive(self) -> None:
        self.revived += 1
        for shard in self._held:
            shard._models = torch.full((1,), torch.nan)
            shard._state = {}


def test_who_dies_costs_a_round_and_no_number() -> None:
    assert_same(small(algorithm={"name": "mudag", "lr": 0.02}), 3, Mortal)


class Doomed(Mortal):
    def read(self, answers: list[Answer]) -> list[Any]:
        self.asked += 1
        if self.asked > 1 and self.asked % 2 == 0:
            raise Lost("killed")
        return InProcess.read(self, answers)


def test_who_always_dies_is_given_up() -> None:
    lead = lead_of(small(), 2, Doomed)
    with pytest.raises(UserError, match=f"Round 0 was begun {ATTEMPTS} times"):
        lead.step(lead.start(), Stopwatch())


def test_a_diverged_run_says_so_as_in_one_piece() -> None:
    scenario = small(algorithm={"name": "dpsgd", "lr": 1e6}, run={"rounds": 3})
    said = []
    for run in (whole, lambda scenario: in_shards(scenario, 3)):
        with pytest.raises(Diverged) as error:
            run(scenario)
        said.append(str(error.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"algorithm": {"name": "choco"}}, 'algorithm.name = "choco" mixes for all devices at once'),
        ({"run": {"mode": "local", "period_s": 1.0}}, 'run.mode = "local" goes from event to event'),
        ({"lora": {"rank": 2}, "algorithm": {"name": "atc"}}, r"merges of \[lora\] look at all devices"),
        ({"model": {"name": "cnn", "execution": "batched"}, "data": {"name": "mnist"}}, 'execution = "batched"'),
        ({"model": {"accelerator": "cuda"}}, 'accelerator = "cuda"'),
    ],
)
def test_what_cannot_be_sharded_is_refused(sections: dict[str, Any], words: str) -> None:
    from testbed.session.adapters import learnt_of
    from testbed.session.learner import algorithm_of

    scenario = small(**sections)
    with pytest.raises(UserError, match=words):
        refuse(scenario, algorithm_of(scenario, learnt_of(scenario).spec))
