"""Algorithms on quadratics: the table of all, and the iterates of one."""

import json
import sys
from collections.abc import Sequence
from math import isfinite
from typing import Any

from rich.console import Console
from rich.table import Table

from testbed.errors import UserError
from testbed.session.divergence import Diverged
from testbed.session.trial import Problem, iterates, notes, scenario_of
from testbed.session.verdicts import Verdict, verdicts


def check(as_json: bool) -> bool:
    """Print how far every algorithm came, and whether it does what it should; whether all do."""
    if as_json:
        found = list(verdicts())
        print(json.dumps([_tree(each) for each in found]))
        return all(each.ok for each in found)
    console, found = Console(), []
    table = Table("algorithm", "rounds", "from the optimum", "expected", "", box=None, pad_edge=False)
    with console.status("checking") as status:
        for each in verdicts():
            found.append(each)
            table.add_row(*_row(each))
            status.update(f"checking: {len(found)} done, {each.title} the last")
    console.print(table)
    wrong = [each.name for each in found if not each.ok]
    print(f"not as expected: {', '.join(wrong)}" if wrong else f"all {len(found)} do what they should")
    return not wrong


def check_problem(
    name: str, c: str, b: str, graph: str, lr: float, rounds: int, keys: Sequence[str], seed: int, as_json: bool
) -> None:
    """Print the iterates of one algorithm. Raises UserError for a problem that is none, and where it diverges."""
    problem = Problem(_numbers("c", c), _numbers("b", b), graph)
    scenario = scenario_of(problem, name, lr, rounds, keys, seed=seed)
    for note in [] if as_json else notes(scenario):
        print(note, file=sys.stderr)
    try:
        found = list(iterates(problem, scenario))
    except Diverged as error:
        raise UserError(
            f"{name} diverged in round {error.round_}, on device {error.device}: take a smaller --lr."
        ) from None
    if as_json:
        own, x = scenario.algorithm, list(zip(*found, strict=True))
        told = {"algorithm": own.name, "c": problem.c, "b": problem.b, "graph": graph, "lr": own.lr, "rounds": rounds}
        done = {"mode": scenario.run.mode, "set": list(keys), "optimum": problem.optimum, "x": x}
        print(json.dumps({**told, **done}))
        return
    unit = "" if scenario.run.mode == "barrier" else f" periods, {scenario.run.mode}"
    table = Table("device", "c", "b", f"x after {rounds}{unit}", "from the optimum", box=None, pad_edge=False)
    for device, last in enumerate(found[-1]):
        numbers = (problem.c[device], problem.b[device], last, abs(last - problem.optimum))
        table.add_row(str(device), *(f"{number:.6g}" for number in numbers))
    Console().print(table)
    print(f"the sum of all c (x - b)^2 / 2 is least at {problem.optimum:.6g}")


def _row(verdict: Verdict) -> list[str]:
    unit = "" if verdict.mode == "barrier" else f" periods, {verdict.mode}"
    expected = "reaches it" if verdict.exact else "does not reach it"
    distance = f"{verdict.distance:.2g}" if isfinite(verdict.distance) else "diverged"
    return [verdict.title, f"{verdict.rounds}{unit}", distance, expected, "ok" if verdict.ok else "NOT SO"]


def _tree(verdict: Verdict) -> dict[str, Any]:
    """JSON values; `distance` is null where it diverged."""
    distance = verdict.distance if isfinite(verdict.distance) else None
    return {**verdict._asdict(), "distance": distance, "ok": verdict.ok}


def _numbers(name: str, text: str) -> tuple[float, ...]:
    """Numbers between commas."""
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise UserError(f"--{name} {text} should be numbers with commas between them, as 1,2,3,4.") from None
