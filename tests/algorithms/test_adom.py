"""ADOM and ADOM+ on four quadratics in a path, with L = 4, mu = 1 and W = I - L(G) / lmax; the optimum is .7."""

from typing import Any

import networkx as nx
import pytest
import torch

from testbed.algorithms import create
from testbed.algorithms.common.gossip import FLOOR, known, l2, positive_gossip, smallest
from testbed.scenario.schema import Algorithm as Settings
from tests.algorithms.rounds import PATH, RING, STAR, B, C, graph, mix_over, solve, training

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


def plainly(rounds: int) -> list[list[float]]:
    """ADOM+ over the path as its paper has it, line by line, with L = 4, mu = 1."""
    c, b = C[:, 0], B[:, 0]
    laplacian = torch.diag(PATH.sum(1).double()) - PATH.double()
    g = laplacian / torch.linalg.eigvalsh(laplacian)[-1]
    chi, el, mu = 5.82842712474619, 4.0, 1.0
    t2, s2 = (mu / el) ** 0.5, (mu / el) ** 0.5 / (16 * chi)
    t1, s1, nu = 1 / (1 / t2 + 0.5), 1 / (1 / s2 + 0.5), mu / 2
    eta, al, be, de, ze = 1 / (el * t2), mu / 2, 1 / (2 * el), 1 / (17 * el), 0.5
    th, ga = nu / (4 * s2), nu / (14 * s2 * chi**2)
    x, xf, y, yf, z, zf, m = (torch.zeros(4, dtype=torch.float64) for _ in range(7))
    seen = []
    for _ in range(rounds):
        xg, yg, zg = t1 * x + (1 - t1) * xf, s1 * y + (1 - s1) * yf, s1 * z + (1 - s1) * zf
        h = c * (xg - b) - nu * xg
        one, two = x + eta * al * xg - eta * h, y + th * be * h - th / nu * (yg + zg)
        x_next = (one + eta * two / (1 + th * be)) / (1 + eta * al + eta * th / (1 + th * be))
        y_next = (two - th * x_next) / (1 + th * be)
        v = ga / nu * (yg + zg) + m
        z, m = z + ga * de * (zg - z) - g @ v, v - g @ v
        xf, yf, zf = xg + t2 * (x_next - x), yg + s2 * (y_next - y), zg - ze * g @ (yg + zg)
        x, y = x_next, y_next
        seen.append(x.tolist())
    return seen


def test_adom_plus_is_as_it_is_written() -> None:
    """By round 30 the error m has had its part."""
    expected = plainly(30)
    for rounds in (1, 2, 5, 30):
        assert solve(rounds, **PLUS).flatten().tolist() == pytest.approx(expected[rounds - 1], abs=1e-9)


def test_adom_plus_comes_to_the_optimum() -> None:
    assert plainly(3000)[-1] == pytest.approx([0.7] * 4, abs=1e-6)
    assert solve(1000, (COMPLETE,), **PLUS).flatten().tolist() == pytest.approx([0.7] * 4, abs=1e-5)


@pytest.mark.parametrize("graphs", [(PATH,), (PATH, RING, STAR)])
def test_adom_plus_over_few_links_takes_many_rounds(graphs: tuple[torch.Tensor, ...]) -> None:
    assert solve(3000, graphs, **PLUS).flatten().tolist() == pytest.approx([0.7] * 4, abs=1e-6)


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
