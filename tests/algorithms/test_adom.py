"""ADOM and ADOM+ on four quadratics in a path, with L = 4, mu = 1 and W = I - L(G) / lmax; the optimum is .7."""

from typing import Any

import networkx as nx
import pytest
import torch

from testbed.algorithms import create
from testbed.algorithms.common.gossip import FLOOR, known, l2, positive_gossip, smallest
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import PATH, RING, STAR, graph, mix_over, solve, training

ADOM: dict[str, Any] = {"name": "adom", "lr": 0.25, "condition": 4, "gossip": "laplacian"}
PLUS = {**ADOM, "name": "adom_plus"}
COMPLETE = graph(nx.complete_graph(4))
UNKNOWN = torch.full((4,), torch.inf, dtype=torch.float64)


@pytest.mark.parametrize(
    ("settings", "rounds", "expected", "within"),
    [
        ({**ADOM, "local_steps": 200}, 1, (1, -1, 2, 0.5), 1e-9),
        ({**ADOM, "local_steps": 200}, 2, (0.4206886611, -0.2758608263, 1.5655164958, 0.608620876), 1e-9),
        ({**ADOM, "local_steps": 10}, 500, (0.7,) * 4, 1e-4),
        (ADOM, 1600, (0.7,) * 4, 1e-8),
        (PLUS, 1, (0.0302121719, -0.0604243437, 0.1812730312, 0.0604243437), 1e-9),
    ],
)
def test_check_values(settings: dict[str, Any], rounds: int, expected: tuple[float, ...], within: float) -> None:
    assert solve(rounds, **settings).flatten().tolist() == pytest.approx(expected, abs=within)


def test_links_may_change() -> None:
    assert solve(1000, (PATH, RING, STAR), **ADOM).flatten().tolist() == pytest.approx([0.7] * 4, abs=1e-5)


def test_adom_plus_comes_to_the_optimum() -> None:
    """At 1 - 1 / (32 chi sqrt(L / mu)) a round: where all hear all, chi is 1."""
    assert solve(1200, (COMPLETE,), **PLUS).flatten().tolist() == pytest.approx([0.7] * 4, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("graphs", [(PATH,), (PATH, RING, STAR)])
@pytest.mark.parametrize(("rounds", "within"), [(3000, 5e-4), (12_000, 1e-9)])
def test_adom_plus_over_few_links_takes_many_rounds(
    graphs: tuple[torch.Tensor, ...], rounds: int, within: float
) -> None:
    assert solve(rounds, graphs, **PLUS).flatten().tolist() == pytest.approx([0.7] * 4, abs=within)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{**ADOM, "local_steps": 200}, {**ADOM, "gossip": "metropolis"}])
def test_adom_after_many_rounds(settings: dict[str, Any]) -> None:
    for graphs in ((PATH,), (PATH, RING, STAR)):
        assert solve(2000, graphs, **settings).flatten().tolist() == pytest.approx([0.7] * 4, abs=1e-5)


@pytest.mark.parametrize("settings", [ADOM, PLUS])
def test_what_is_dual_sums_to_zero(settings: dict[str, Any]) -> None:
    algorithm = create(Settings(**settings), {"decision": slice(0, 9)}, 4, 1)
    models = torch.randn(4, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    state = algorithm.start(models)
    for round_, links in enumerate((PATH, RING, STAR, PATH)):
        models, state = mix_over(algorithm, training(models, 0.1 * models, 0.25), links, state, round_)
        for name in ("z", "z_f"):
            torch.testing.assert_close(state[name].sum(0), torch.zeros(9, dtype=torch.float64), rtol=0, atol=1e-12)
    assert state["z_f"].abs().max() > 0.01


def test_lmin_is_the_smallest_over_connected_rounds() -> None:
    settings = Settings(**ADOM)
    path, ring, complete = (positive_gossip(settings, links, links) for links in (PATH, RING, COMPLETE))
    first = smallest(path, UNKNOWN)
    assert first.tolist() == pytest.approx([1 / 5.82842712] * 4, abs=1e-9)
    assert smallest(complete, UNKNOWN).tolist() == pytest.approx([1] * 4)
    assert smallest(ring, first).tolist() == first.tolist()
    apart = PATH.clone()
    apart[1, 2] = apart[2, 1] = False
    assert smallest(positive_gossip(settings, apart, apart), UNKNOWN).tolist() == UNKNOWN.tolist()
    one_way = PATH.clone()
    one_way[1, 2] = False
    assert smallest(positive_gossip(settings, PATH, one_way), first).tolist() == first.tolist()
    long = graph(nx.path_graph(40))
    assert smallest(positive_gossip(settings, long, long), torch.full((40,), torch.inf))[0] == pytest.approx(FLOOR)
    assert known(UNKNOWN, torch.zeros(4, 2)).flatten().tolist() == pytest.approx([FLOOR] * 4)


def test_gossip_of_adom_has_no_negative_eigenvalues() -> None:
    for kind in ("laplacian", "metropolis"):
        for links in (PATH, RING, STAR, COMPLETE):
            weights = positive_gossip(Settings(name="adom", gossip=kind), links, links)  # type: ignore[arg-type]
            assert torch.linalg.eigvalsh(weights)[0] > -1e-12
            torch.testing.assert_close(weights.sum(1), torch.ones(4, dtype=torch.float64), rtol=0, atol=1e-15)


def test_l2_leaves_out_what_is_one_and_is_capped() -> None:
    settings = Settings(name="adom", gossip="metropolis")
    apart = PATH.clone()
    apart[1, 2] = apart[2, 1] = False
    halves = positive_gossip(settings, apart, apart)
    assert l2(halves) == pytest.approx(0.5)
    assert l2(torch.eye(4, dtype=torch.float64)) == 0
    long = graph(nx.path_graph(40))
    assert l2(positive_gossip(settings, long, long)) == 0.9
    one_way = PATH.clone()
    one_way[1, 2] = False
    assert l2(positive_gossip(settings, PATH, one_way)) < 0.9
