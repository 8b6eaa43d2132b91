"""Algorithms on quadratics, f_i(x) = c_i (x - b_i)^2 / 2 on device i, by the code that trains networks.

The rounds are those of `Barrier` over the `graph` network, the local steps those of every training; only the
gradients are of a formula, in float64, in place of a data set.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import isfinite
from typing import Any

from testbed.algorithms import Algorithm, find
from testbed.errors import UserError
from testbed.learning.quadratic import SPEC, Quadratics
from testbed.network import connect, connect_medium
from testbed.scenario import Scenario, parse
from testbed.scenario.files import override
from testbed.session.air import Air
from testbed.session.barrier import Barrier
from testbed.session.learner import Workload, algorithm_of, momentum_of, workload_of
from testbed.session.periods import Periods
from testbed.session.stopwatch import Stopwatch

SHAPES = {"path": "line", "ring": "ring", "star": "star", "complete": "complete"}
"""Names of graphs to those of `network.graph`; the middle of a star is device 0."""

PERIOD_S = 1e-6
"""Of a row in the event-driven modes: a handful of local trainings, which take 0.2 microseconds each."""


@dataclass(frozen=True)
class Problem:
    """Curvatures c and minima b of the devices, in a graph. Raises UserError for what is no problem."""

    c: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0)
    b: tuple[float, ...] = (1.0, -1.0, 2.0, 0.5)
    graph: str = "path"

    def __post_init__(self) -> None:
        if len(self.c) != len(self.b):
            raise UserError(f"c has {len(self.c)} numbers and b has {len(self.b)}: one of each is a device's.")
        if len(self.c) < 2:
            raise UserError("c and b have one number: state those of two devices at least.")
        for name, values in (("c", self.c), ("b", self.b)):
            if not all(map(isfinite, values)):
                raise UserError(f"{name} = {list(values)} should be finite numbers.")
        if min(self.c) <= 0:
            raise UserError(f"c = {list(self.c)} should be above 0: else f has no least value.")
        if self.graph not in SHAPES:
            raise UserError(f"{self.graph!r} is not a graph; known are {', '.join(SHAPES)}.")

    @property
    def optimum(self) -> float:
        """Where the sum of all f_i is least: sum_i c_i b_i / sum_i c_i."""
        return sum(c * b for c, b in zip(self.c, self.b, strict=True)) / sum(self.c)


@dataclass(frozen=True)
class _Learning:
    fleet: Quadratics
    algorithm: Algorithm
    workload: Workload


def scenario_of(
    problem: Problem,
    name: str,
    lr: float,
    rounds: int,
    keys: Sequence[str] = (),
    mode: str | None = None,
    seed: int = 1,
) -> Scenario:
    """Its scenario; `keys` of `[algorithm]` as KEY=VALUE; `mode` by default the algorithm's own, see `mode_of`.

    Raises UserError for an impossible value.
    """
    if any(key.partition("=")[0].strip() == "name" for key in keys):
        raise UserError("--set name=...: which algorithm it is --algorithm says.")
    mode = mode or mode_of(name)
    tree: dict[str, Any] = {
        "run": {"rounds": rounds, "mode": mode, "seed": seed, **({} if mode == "barrier" else {"period_s": PERIOD_S})},
        "devices": {"count": len(problem.c)},
        "network": {"kind": "graph", "graph": SHAPES[problem.graph], "rate": "10Gbps", "latency_s": 0.0},
        "algorithm": {"name": name, "lr": lr},
    }
    override(tree, [f"algorithm.{key}" for key in keys])
    return parse(tree, "testbed check")


def mode_of(name: str) -> str:
    """`barrier` where the algorithm has it, else its last one. Raises UserError for what is no algorithm."""
    modes = find(parse({"algorithm": {"name": name}}, "testbed check").algorithm.name).modes
    return "barrier" if "barrier" in modes else modes[-1]


def notes(scenario: Scenario) -> list[str]:
    """What is to be said of its algorithm before the first round."""
    return algorithm_of(scenario, SPEC).notes


def iterates(problem: Problem, scenario: Scenario) -> Iterator[list[float]]:
    """x of every device after each round, or period. Raises UserError as a run does, and Diverged."""
    algorithm, settings = algorithm_of(scenario, SPEC), scenario.algorithm
    fleet = Quadratics(problem.c, problem.b, settings, scenario.run.rounds, momentum_of(algorithm))
    with ExitStack() as stack:
        session = _session(scenario, _Learning(fleet, algorithm, workload_of(scenario, SPEC, algorithm)), stack)
        standing = session.start()
        for _ in range(scenario.run.rounds):
            standing, _ = session.step(standing, Stopwatch())
            yield standing.models[:, 0].tolist()


def _session(scenario: Scenario, learning: _Learning, stack: ExitStack) -> Barrier | Periods:
    if scenario.run.mode == "barrier":
        network = stack.enter_context(closing(connect(scenario)))
        return Barrier(scenario, learning, Air(scenario, learning.workload, network))
    return Periods(scenario, learning, stack.enter_context(closing(connect_medium(scenario))))
