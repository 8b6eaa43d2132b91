import time

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor

from testbed.aggregation import laplacian, metropolis, mutual
from testbed.aggregation.spectrum import SMALL, contraction, laplacian_norm, second_eigenvalue

GRAPHS = {
    "one device": nx.empty_graph(1),
    "line": nx.path_graph(30),
    "empty": nx.empty_graph(6),
    "disconnected": nx.disjoint_union(nx.path_graph(3), nx.cycle_graph(4)),
    "long line": nx.path_graph(SMALL + 20),
    "long ring": nx.cycle_graph(SMALL + 20),
    "large star": nx.star_graph(SMALL + 20),
    "large, complete": nx.complete_graph(SMALL + 20),
    "large, empty": nx.empty_graph(SMALL + 20),
    "large, random": nx.gnp_random_graph(250, 0.1, seed=1),
    "large, random, in parts": nx.disjoint_union(nx.gnp_random_graph(120, 0.2, seed=1), nx.gnp_random_graph(90, 0.2)),
    "large, random places": nx.random_geometric_graph(250, 0.12, seed=2),
}


def adjacency(graph: nx.Graph) -> Tensor:
    return torch.from_numpy(nx.to_numpy_array(graph, weight=None) > 0)


@pytest.mark.parametrize("name", GRAPHS)
def test_as_by_all_eigenvalues(name: str) -> None:
    links = adjacency(GRAPHS[name])
    weights = metropolis(links, links)
    values, components = (
        torch.linalg.eigvalsh(weights).abs().sort().values,
        nx.number_connected_components(GRAPHS[name]),
    )
    singular = torch.linalg.matrix_norm(weights - 1 / len(links), 2)
    assert contraction(weights) == pytest.approx(float(singular), abs=1e-8)
    below = values[: len(values) - components]
    second, count = second_eigenvalue(weights)
    assert count == components
    assert second == pytest.approx(float(below[-1]) if len(below) else 0.0, abs=1e-7)
    degrees = torch.diag(links.sum(1).double())
    assert laplacian_norm(links) == pytest.approx(float(torch.linalg.eigvalsh(degrees - links.double())[-1]), rel=1e-9)


def test_weights_that_are_not_symmetric_have_singular_values() -> None:
    random = np.random.default_rng(1)
    for devices in (9, SMALL + 50):
        links = torch.from_numpy(random.random((devices, devices)) < 0.3)
        weights = metropolis(links, links & torch.from_numpy(random.random((devices, devices)) < 0.7))
        singular = torch.linalg.matrix_norm(weights - 1 / devices, 2)
        assert contraction(weights) == pytest.approx(float(singular), abs=1e-9)


def test_a_thousand_devices_take_no_time() -> None:
    links = adjacency(nx.gnp_random_graph(1000, 0.02, seed=1))
    weights = metropolis(links, links)
    began = time.process_time()
    first = contraction(weights)
    assert time.process_time() - began < 2
    again = time.process_time()
    assert contraction(weights.clone()) == first
    assert time.process_time() - again < 0.2


@pytest.mark.parametrize("name", GRAPHS)
def test_laplacian_weights_where_all_arrived(name: str) -> None:
    links = adjacency(GRAPHS[name])
    weights = laplacian(links, links)
    assert torch.equal(weights, weights.T)
    torch.testing.assert_close(weights.sum(1), torch.ones(len(links), dtype=torch.float64), rtol=0, atol=1e-14)
    values = torch.linalg.eigvalsh(weights)
    assert values[0] == pytest.approx(0 if links.any() else 1, abs=1e-8)
    assert values[-1] == pytest.approx(1, abs=1e-12)
    if not links.any():
        assert torch.equal(weights, torch.eye(len(links), dtype=torch.float64))


def test_laplacian_weights_of_the_path_of_four() -> None:
    links = adjacency(nx.path_graph(4))
    largest = torch.tensor(2 + 2**0.5, dtype=torch.float64)
    degrees = torch.diag(links.sum(1).double())
    expected = torch.eye(4, dtype=torch.float64) - (degrees - links.double()) / largest
    torch.testing.assert_close(laplacian(links, links), expected, rtol=0, atol=1e-14)


def test_laplacian_weights_of_what_is_lost_or_one_way_stay_with_the_receiver() -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        neighbours = torch.from_numpy(random.random((7, 7)) < 0.5)
        delivered = neighbours & torch.from_numpy(random.random((7, 7)) < 0.6)
        weights = laplacian(neighbours, delivered)
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(1), torch.ones(7, dtype=torch.float64), rtol=0, atol=1e-14)
        assert torch.equal((weights > 0).fill_diagonal_(True), delivered.clone().fill_diagonal_(True))


def test_the_mutual_part_is_symmetric_and_all_of_symmetric_weights() -> None:
    links = adjacency(nx.path_graph(4))
    whole = metropolis(links, links)
    torch.testing.assert_close(mutual(whole), whole, rtol=0, atol=1e-15)
    lost = links.clone()
    lost[1, 2] = False
    both = mutual(metropolis(links, lost))
    lost[2, 1] = False
    torch.testing.assert_close(both, metropolis(links, lost), rtol=0, atol=1e-15)
    torch.testing.assert_close(both.sum(0), torch.ones(4, dtype=torch.float64), rtol=0, atol=1e-15)
