"""The smallest window, against networkx and every window; components; the spectral gap against all eigenvalues."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.inspect import mixing
from testbed.trace.inspect.connectivity import Connectivity, connectivity
from testbed.trace.inspect.mixing import gaps, metropolis, spectral_gap, union_gap
from testbed.trace.inspect.spans import Spans, pair_keys
from testbed.trace.inspect.steps import Steps
from testbed.trace.value import Trace
from tests.trace.inspect.traces import imported, recorded, two_way

Graphs = list[list[tuple[int, int]]]
PAIRS = list(combinations(range(5), 2))
GRAPHS = st.lists(st.lists(st.sampled_from(PAIRS), max_size=5), min_size=1, max_size=12)


def steps(trace: Trace, window_s: float | None = None) -> Steps:
    return Steps.of(trace, Spans.contacts(trace.links), window_s)


def of_rounds(nodes: int, graphs: Graphs) -> Connectivity:
    return connectivity(steps(recorded(nodes, graphs)))


def union(nodes: int, graphs: Graphs) -> nx.Graph:
    graph = nx.empty_graph(nodes)
    graph.add_edges_from(pair for pairs in graphs for pair in pairs)
    return graph


def window_by_trying(nodes: int, graphs: Graphs) -> int | None:
    for size in range(1, len(graphs) + 1):
        starts = range(len(graphs) - size + 1)
        if all(nx.is_connected(union(nodes, graphs[start : start + size])) for start in starts):
            return size
    return None


@settings(max_examples=40, deadline=None)
@given(GRAPHS)
def test_the_smallest_window_is_that_of_trying_every_one(graphs: Graphs) -> None:
    found = of_rounds(5, graphs)
    assert found.window == window_by_trying(5, graphs)
    sizes = [len(part) for part in nx.connected_components(union(5, graphs))]
    assert (found.components, found.largest) == (len(sizes), max(sizes))
    alone = [max(map(len, nx.connected_components(union(5, [pairs])))) / 5 for pairs in graphs]
    np.testing.assert_allclose(found.largest_share, alone)


def test_a_window_that_one_can_count() -> None:
    line = [[(0, 1)], [(1, 2)], [], [(0, 1)], [(1, 2)]]
    assert of_rounds(3, line).window == 3
    assert of_rounds(3, line).needed.tolist() == [np.inf, 2, 3, 3, 2]
    assert of_rounds(3, [[(0, 1)]] * 9).window is None
    assert of_rounds(1, [[], []]).window == 1


def test_windows_of_seconds_hold_each_contact_that_meets_them() -> None:
    trace = imported(3, two_way([(0, 1, 0, 25), (1, 2, 20, 30), (0, 2, 30, 40)]))
    found = steps(trace, 10)
    assert [keys.tolist() for keys in found.graphs()] == [[1], [1], [1, (1 << 32) | 2], [2]]
    assert (found.count, found.window_s) == (4, 10)
    assert connectivity(found).window == 3


def test_the_window_that_nobody_stated_is_a_round_figure() -> None:
    trace = imported(2, [(0, 1, 0, 1), (0, 1, 987_000, 987_620)])
    assert (steps(trace).window_s, steps(trace).count) == (10_000, 99)
    assert steps(imported(2, [(0, 1, 0, None)])).count == 1


@pytest.mark.parametrize(
    ("window_s", "said"), [(0, "above 0"), (-1, "above 0"), (np.nan, "above 0"), (1e-4, "window 0.01")]
)
def test_a_window_that_is_none(window_s: float, said: str) -> None:
    with pytest.raises(UserError, match=said):
        steps(imported(2, [(0, 1, 0, 1000)]), window_s)


def test_a_link_that_comes_back_is_as_old_as_when_it_was_seen_last() -> None:
    """Pair k of a line is linked in every fortieth round, from round k on: a window of 40 holds the whole line."""
    assert of_rounds(41, [[(step % 40, step % 40 + 1)] for step in range(200)]).window == 40


def keys_of(graph: nx.Graph) -> NDArray[np.int64]:
    ends = np.array([sorted(pair) for pair in graph.edges], int).reshape(-1, 2)
    return np.sort(pair_keys(ends[:, 0], ends[:, 1]))


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(list(combinations(range(7), 2))), max_size=21))
def test_the_spectral_gap_is_that_of_all_eigenvalues(pairs: set[tuple[int, int]]) -> None:
    graph = nx.empty_graph(7)
    graph.add_edges_from(pairs)
    matrix = np.zeros((7, 7))
    for a, b in graph.edges:
        matrix[a, b] = matrix[b, a] = min(1 / (graph.degree[a] + 1), 1 / (graph.degree[b] + 1))
    np.fill_diagonal(matrix, 1 - matrix.sum(1))
    np.testing.assert_allclose(metropolis(keys_of(graph), 7).toarray(), matrix)
    values = np.sort(np.abs(np.linalg.eigvals(matrix)))
    assert spectral_gap(keys_of(graph), 7) == pytest.approx(1 - values[-2], abs=1e-12)


@pytest.mark.parametrize("graph", [nx.cycle_graph(60), nx.star_graph(59), nx.gnp_random_graph(60, 0.2, seed=1)])
def test_large_graphs_need_not_all_eigenvalues(graph: nx.Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    dense = spectral_gap(keys_of(graph), 60)
    monkeypatch.setattr(mixing, "DENSE", 0)
    assert spectral_gap(keys_of(graph), 60) == pytest.approx(dense, rel=1e-9)


def test_known_gaps() -> None:
    assert spectral_gap(keys_of(nx.complete_graph(6)), 6) == pytest.approx(1)
    assert spectral_gap(keys_of(nx.cycle_graph(8)), 8) == pytest.approx(1 - (1 + 2 * np.cos(np.pi / 4)) / 3)
    assert spectral_gap(keys_of(nx.empty_graph(3)), 3) == 0
    assert spectral_gap(keys_of(nx.empty_graph(1)), 1) == 1


def test_the_gap_of_rounds_and_of_their_union() -> None:
    found = steps(recorded(3, [[(0, 1), (1, 2), (0, 2)], [(0, 1)]]))
    np.testing.assert_allclose(gaps(found), [1, 0], atol=1e-12)
    assert union_gap(found) == pytest.approx(1)


def test_of_very_many_rounds_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixing, "SAMPLED", 3)
    found = gaps(steps(recorded(2, [[(0, 1)], [(0, 1)], [], [], [], [(0, 1)], []])))
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-12)
