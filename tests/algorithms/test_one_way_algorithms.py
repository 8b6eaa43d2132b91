"""SGP and Epidemic Learning, which take links that go one way; DFedAvgM."""

import networkx as nx
import pytest
import torch
from torch import Tensor

from testbed.algorithms import create, find
from testbed.algorithms.epidemic import Epidemic
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import RING, graph, mix_over, solve, training

PART = {"decision": slice(0, 50)}
CIRCLE = graph(nx.DiGraph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)])).T
"""Strongly connected, one-way."""
COMPLETE = graph(nx.complete_graph(5))


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def gossip(name: str, rounds: int, losses: float) -> tuple[Tensor, Tensor, Tensor]:
    """Without gradients over lossy one-way links: the models at first and at last, and sum x / m of SGP's at last."""
    algorithm, models = create(Settings(name=name), PART, 4, 1), random(4, 50)
    state, start, draw = algorithm.start(models), models, torch.Generator().manual_seed(2)
    for round_ in range(rounds):
        arrived = CIRCLE & (torch.rand(4, 4, generator=draw) >= losses)
        done = training(models, torch.zeros_like(models), 0.1, round_)
        weights = algorithm.weights(CIRCLE, arrived, round_)
        models, state = algorithm.mix(done, algorithm.message(done, state), weights, state)
    return start, models, (state.get("u", torch.ones(4, 1)) * models).mean(0)


@pytest.mark.parametrize("losses", [0.0, 0.4])
def test_push_sum_finds_the_mean_over_one_way_and_lossy_links(losses: float) -> None:
    start, models, mass = gossip("sgp", 200, losses)
    torch.testing.assert_close(mass, start.mean(0), rtol=0, atol=1e-12)
    torch.testing.assert_close(models, start.mean(0).expand(4, 50), rtol=0, atol=1e-9)


def test_d_psgd_does_not() -> None:
    start, models, _ = gossip("dpsgd", 200, 0.4)
    assert (models - start.mean(0)).abs().max() > 0.05


@pytest.mark.parametrize("rounds", [1, 10, 500])
def test_on_a_regular_graph_sgp_is_atc(rounds: int) -> None:
    models = solve(rounds, graphs=(RING,), name="sgp")
    torch.testing.assert_close(models, solve(rounds, graphs=(RING,), name="atc"), rtol=0, atol=1e-12)


def test_sgp_sends_its_weight_too() -> None:
    assert create(Settings(name="sgp"), PART, 4, 1).message_bytes(50) == (28 + 4 * 51,)


def test_with_enough_peers_epidemic_learning_takes_the_mean() -> None:
    algorithm, done = create(Settings(name="epidemic", peers=4), PART, 5, 1), training(random(5, 50), random(5, 50), 1)
    mixed, _ = mix_over(algorithm, done, COMPLETE, {})
    torch.testing.assert_close(mixed, done.trained.mean(0).expand(5, 50), rtol=0, atol=1e-14)


def test_each_device_chooses_so_many_of_those_that_hear_it() -> None:
    algorithm = create(Settings(name="epidemic", peers=2), PART, 20, 1)
    assert isinstance(algorithm, Epidemic)
    hears = graph(nx.gnp_random_graph(20, 0.3, seed=1, directed=True))
    rounds = [algorithm.chosen(hears, round_) for round_ in range(40)]
    for chosen in rounds:
        assert not (chosen & ~hears).any()
        assert torch.equal(chosen.sum(0), hears.sum(0).clamp(max=2))
    assert torch.equal(torch.stack(rounds).any(0), hears)
    assert torch.equal(algorithm.chosen(hears, 0), rounds[0])


def test_only_what_arrives_from_those_that_chose_is_in_the_mean() -> None:
    algorithm = create(Settings(name="epidemic", peers=2), PART, 5, 1)
    assert isinstance(algorithm, Epidemic)
    arrived = COMPLETE & (torch.rand(5, 5, generator=torch.Generator().manual_seed(1)) < 0.5)
    heard = algorithm.chosen(COMPLETE, 3) & arrived | torch.eye(5, dtype=torch.bool)
    weights = algorithm.weights(COMPLETE, arrived, 3)
    torch.testing.assert_close(weights, heard / heard.sum(1, keepdim=True, dtype=torch.float64))


def test_epidemic_messages_name_those_that_are_chosen() -> None:
    assert create(Settings(name="epidemic", peers=3), PART, 20, 1).message_bytes(50) == (28 + 4 * 53,)
    assert create(Settings(name="epidemic", peers=30), PART, 20, 1).message_bytes(50) == (28 + 4 * 69,)


@pytest.mark.parametrize("name", ["sgp", "epidemic", "dfedavgm", "choco"])
def test_the_limit_is_biased(name: str) -> None:
    assert (solve(300, name=name) - 0.7).abs().max() > 0.02


def test_dfedavgm_is_atc_of_local_steps_whose_momentum_begins_anew() -> None:
    assert torch.equal(solve(50, name="dfedavgm", local_steps=3), solve(50, name="atc", local_steps=3))
    assert (find("dfedavgm").restarts, find("dfedavgm").default_momentum) == (True, 0.9)
