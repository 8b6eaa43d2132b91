import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.aggregation import metropolis, push_sum, uniform
from testbed.aggregation.weights import equal_rows, metropolis_rows

GRAPHS = {
    "one device": nx.empty_graph(1),
    "line": nx.path_graph(6),
    "ring": nx.cycle_graph(6),
    "star": nx.star_graph(5),
    "complete": nx.complete_graph(6),
    "empty": nx.empty_graph(6),
    "disconnected": nx.disjoint_union(nx.path_graph(3), nx.cycle_graph(4)),
}


def adjacency(graph: nx.Graph) -> torch.Tensor:
    return torch.from_numpy(nx.to_numpy_array(graph, weight=None) > 0)


@pytest.mark.parametrize("name", GRAPHS)
def test_all_delivered_on_a_two_way_graph_is_metropolis_hastings(name: str) -> None:
    graph = GRAPHS[name]
    links = adjacency(graph)
    expected = torch.zeros(links.shape, dtype=torch.float64)
    for i, j in graph.edges:
        expected[i, j] = expected[j, i] = 1 / (1 + max(graph.degree(i), graph.degree(j)))
    expected += torch.diag(1 - expected.sum(1))
    weights = metropolis(links, links)
    assert torch.equal(weights, weights.T)
    torch.testing.assert_close(weights, expected, rtol=0, atol=1e-15)
    torch.testing.assert_close(weights.sum(0), torch.ones(len(links), dtype=torch.float64), rtol=0, atol=1e-15)


def test_the_path_of_four_has_the_weights_of_the_check_values() -> None:
    links = adjacency(nx.path_graph(4))
    eigenvalues = torch.linalg.eigvalsh(metropolis(links, links))
    expected = torch.tensor([-0.13807119, 1 / 3, 0.80473785, 1.0], dtype=torch.float64)
    torch.testing.assert_close(eigenvalues, expected, rtol=0, atol=1e-8)


@given(st.integers(1, 9), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_rows_sum_to_one_whatever_is_lost(devices: int, seed: int, density: float, loss: float) -> None:
    random = np.random.default_rng(seed)
    neighbours = random.random((devices, devices)) < density
    delivered = neighbours & (random.random((devices, devices)) >= loss)
    weights = metropolis(neighbours, delivered)
    np.fill_diagonal(neighbours, False)
    np.fill_diagonal(delivered, False)
    own = weights.diagonal()
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(devices, dtype=torch.float64), rtol=0, atol=1e-14)
    assert torch.equal(own == 1, torch.from_numpy(~delivered.any(1)))
    assert (own >= torch.from_numpy(1 / (neighbours.sum(1) + 1)) - 1e-15).all()
    others = weights - torch.diag(own)
    assert torch.equal(others > 0, torch.from_numpy(delivered))


def test_a_one_way_link_serves_the_one_who_hears() -> None:
    hears = torch.tensor([[False, True], [False, False]])
    assert metropolis(hears, hears).tolist() == [[0.5, 0.5], [0, 1]]


def test_what_comes_from_outside_the_graph_is_left_aside() -> None:
    nobody = torch.zeros(3, 3, dtype=torch.bool)
    assert torch.equal(metropolis(nobody, ~nobody), torch.eye(3, dtype=torch.float64))


def test_all_reduce_weighs_all_alike() -> None:
    assert uniform(torch.ones(4, dtype=torch.bool)).tolist() == [[0.25] * 4] * 4


def test_uniform_weights_are_among_those_who_are_here() -> None:
    assert uniform(torch.tensor([True, False, True])).tolist() == [[0.5, 0, 0.5], [0, 0, 0], [0.5, 0, 0.5]]
    assert uniform(torch.tensor([False])).tolist() == [[0.0]]


@pytest.mark.parametrize("name", GRAPHS)
def test_every_device_knows_its_row_by_the_degrees_that_travelled(name: str) -> None:
    links = adjacency(GRAPHS[name])
    whole, degrees = metropolis(links, links), links.sum(1)
    assert torch.equal(metropolis_rows(degrees, degrees, links), whole)
    for device in range(len(links)):
        order = [device, *(other for other in range(len(links)) if other != device)]
        row = metropolis_rows(degrees[[device]], degrees[order], links[[device]][:, order])
        assert torch.equal(row[0, 1:], whole[device, order[1:]])
        torch.testing.assert_close(row.sum(), torch.tensor(1.0, dtype=torch.float64))


def test_equal_rows_share_between_what_was_heard_and_the_own() -> None:
    heard = torch.tensor([[False, False, True], [False, False, False]])
    assert equal_rows(heard).tolist() == [[0.5, 0, 0.5], [0, 1, 0]]


@given(st.integers(1, 12), st.integers(0, 1000))
def test_push_sum_gives_all_of_what_each_has(devices: int, seed: int) -> None:
    draws = torch.rand(2, devices, devices, generator=torch.Generator().manual_seed(seed))
    links, arrived = draws < torch.tensor([0.6, 0.5])[:, None, None]
    weights, others = push_sum(links, arrived), ~torch.eye(devices, dtype=torch.bool)
    torch.testing.assert_close(weights.sum(0), torch.ones(devices, dtype=torch.float64), rtol=0, atol=1e-15)
    assert torch.equal((weights > 0) & others, links & arrived & others)
    hearers = (links & others).sum(0, dtype=torch.float64)
    torch.testing.assert_close(weights, (weights > 0) / (hearers + 1.0) * others + torch.diag(weights.diagonal()))
    assert (weights.diagonal() >= 1 / (hearers + 1) - 1e-12).all()
