"""Iterates on quadratics, by the session: independent values, the formulas alone, bad problems."""

import math
from typing import Any

import networkx as nx
import pytest
import torch

from testbed.algorithms import find, names
from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS
from testbed.session.divergence import Diverged
from testbed.session.trial import SHAPES, Problem, iterates, scenario_of
from testbed.session.verdicts import Verdict, verdict
from tests.algorithms.rounds import graph, solve

SHARED = [name for name in names() if "barrier" in find(name).modes]
GRAPHS = {
    "path": nx.path_graph(4),
    "ring": nx.cycle_graph(4),
    "star": nx.star_graph(3),
    "complete": nx.complete_graph(4),
}


def trial(name: str, rounds: int, *keys: str, graph: str = "path", lr: float = 0.05) -> list[list[float]]:
    problem = Problem(graph=graph)
    return list(iterates(problem, scenario_of(problem, name, lr, rounds, keys)))


def test_dpsgd_and_atc_have_their_independent_values() -> None:
    close = pytest.approx
    first, second, *_, last = trial("dpsgd", 300)
    assert first == close([0.05, -0.1, 0.3, 0.1], abs=1e-12)
    assert second == close([0.0475, -0.0066666667, 0.355, 0.2466666667], abs=1e-9)
    assert last == close([0.5505162988, 0.4830937437, 0.8605993116, 0.7253745698], abs=1e-9)
    first, second, *_ = trial("atc", 2)
    assert first == close([0, 0.0833333333, 0.1, 0.1666666667], abs=1e-9)
    assert second == close([0.025, 0.1366666667, 0.1977777778, 0.2838888889], abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_run_does_is_what_the_formula_says(shape: str) -> None:
    for name in SHARED:
        algorithm = find(name)(scenario_of(Problem(), name, 0.05, 1).algorithm, {"decision": slice(0, 1)}, 4, 1)
        if algorithm.audience == ALL_NEIGHBOURS:
            alone = solve(4, [graph(GRAPHS[shape])], name=name)
            assert trial(name, 4, graph=shape)[-1] == pytest.approx(alone[:, 0].tolist(), abs=1e-12), name


def test_local_steps_are_those_of_training() -> None:
    steps = torch.zeros(4)
    c, b = torch.tensor([1.0, 2, 3, 4]), torch.tensor([1.0, -1, 2, 0.5])
    velocity = torch.zeros(4)
    for _ in range(6):
        velocity = 0.5 * velocity + c * (steps - b)
        steps = steps - 0.05 * velocity
    assert trial("local", 2, "local_steps=3", "momentum=0.5")[-1] == pytest.approx(steps.tolist(), abs=1e-6)


def test_any_problem_has_its_optimum() -> None:
    problem = Problem((2.0, 1.0, 1.0), (0.0, 4.0, -8.0), "ring")
    *_, last = iterates(problem, scenario_of(problem, "allreduce", 0.2, 60))
    assert last == pytest.approx([problem.optimum] * 3)
    assert problem.optimum == -1.0


def test_event_driven_modes_run_as_well() -> None:
    problem = Problem()
    *_, last = iterates(problem, scenario_of(problem, "dpsgd", 0.05, 20, mode="async"))
    assert all(0.0 < x < 1.2 for x in last)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"c": (1.0, 2.0)}, "c has 2 numbers and b has 4"),
        ({"c": (1.0,), "b": (1.0,)}, "two devices at least"),
        ({"c": (1.0, 0.0), "b": (1.0, 1.0)}, "c = .* should be above 0"),
        ({"c": (1.0, -2.0), "b": (1.0, 1.0)}, "c = .* should be above 0"),
        ({"c": (1.0, math.nan), "b": (1.0, 1.0)}, "c = .* should be finite"),
        ({"c": (1.0, 1.0), "b": (1.0, math.inf)}, "b = .* should be finite"),
        ({"graph": "torus"}, "'torus' is not a graph; known are path, ring, star, complete"),
    ],
)
def test_bad_problems(made: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Problem(**made)


def test_a_rate_too_high_diverges() -> None:
    with pytest.raises(Diverged) as told:
        trial("atc", 500, lr=5.0)
    assert told.value.round_ < 10


def test_verdicts() -> None:
    assert verdict("allreduce", find("allreduce")).ok
    assert verdict("dpsgd", find("dpsgd")).ok
    biased = Verdict("mine", "Mine", "barrier", 200, 0.2, exact=False, mixes=True)
    assert biased.ok
    assert not biased._replace(exact=True).ok
    assert not biased._replace(distance=1e-9).ok
    assert not biased._replace(distance=0.7).ok, "it never left 0"
    assert biased._replace(distance=1.7, mixes=False).ok
    assert not biased._replace(distance=float("inf")).ok
    assert not biased._replace(distance=float("nan"), exact=True).ok


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_every_algorithm_does_what_it_should(name: str) -> None:
    assert verdict(name, find(name)).ok
