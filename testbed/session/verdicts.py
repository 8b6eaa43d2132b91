"""Every algorithm on four quadratics in a path: whether it comes to the optimum, or not, as its mathematics says."""

from collections.abc import Iterator
from math import isclose
from typing import NamedTuple

from testbed.algorithms import Algorithm, find, names
from testbed.session.divergence import Diverged
from testbed.session.trial import Problem, iterates, scenario_of

LR = 0.05
BOUNDED = ("mudag", "adom", "adom_plus")
BOUNDS = 0.25, ["condition=4"]
"""lr and key of those that know bounds of the curvatures, which are 1 to 4: L = 1 / lr, and mu = L / condition."""

REACHED, MISSED = 1e-4, 1e-3
"""An algorithm has come to the optimum within REACHED of it, and has not further off than MISSED."""

MOST, FEW = 2000, 200
"""Rounds for those that come to it, as many as they need, and for those that do not."""


class Verdict(NamedTuple):
    """How far an algorithm came."""

    name: str
    title: str
    mode: str
    rounds: int
    """Or periods, in the event-driven modes."""
    distance: float
    """Largest |x_i - optimum| of a device; infinite where it diverged."""
    exact: bool
    """Whether it should come to the optimum."""
    mixes: bool
    """Whether devices exchange anything."""

    @property
    def ok(self) -> bool:
        """Whether it does what it should; who does not come to the optimum comes nearer to it than where it began, or,
        if it exchanges nothing, ends where local training does."""
        problem = Problem()
        furthest = max(abs(minimum - problem.optimum) for minimum in problem.b)
        if self.exact:
            return self.distance <= REACHED
        return MISSED < self.distance < problem.optimum if self.mixes else isclose(self.distance, furthest, rel_tol=0.1)


def verdicts() -> Iterator[Verdict]:
    """One for each algorithm that comes along."""
    for name in names():
        yield verdict(name, find(name))


def verdict(name: str, kind: type[Algorithm]) -> Verdict:
    """That of one algorithm."""
    problem, (lr, keys) = Problem(), BOUNDS if name in BOUNDED else (LR, [])
    scenario, distance, rounds = scenario_of(problem, name, lr, MOST if kind.exact else FEW, keys), 0.0, 0
    try:
        for models in iterates(problem, scenario):
            rounds, distance = rounds + 1, max(abs(x - problem.optimum) for x in models)
            if kind.exact and distance <= REACHED:
                break
    except Diverged as error:
        rounds, distance = error.round_, float("inf")
    return Verdict(name, kind.title, scenario.run.mode, rounds, distance, kind.exact, kind.needs_air)
