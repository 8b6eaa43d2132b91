"""How long a sweep will take, from what its jobs took before, and from two rounds of settings of which none ended."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from testbed.campaign import Store
from testbed.scenario import Scenario
from testbed.session import run
from testbed.session.divergence import Diverged
from testbed.sweep.cell import Cell
from testbed.sweep.jobs import Jobs
from testbed.sweep.log import seconds
from testbed.sweep.plan import Plan

ROUNDS = 2
"""Of a trial; a round is what the second one takes, as the first sets things up."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of one process for what is left, and what they rest on."""

    seconds: float
    longest: float
    """Seconds of the longest cell after the longest air."""
    known: int
    """Settings of which a cell is finished."""
    tried: int
    """Settings that were tried for two rounds."""
    guessed: int
    """Settings that are taken to be as long as the mean of the others."""

    def lasts(self, workers: int) -> float:
        """With so many processes, if they are all at work to the end."""
        return max(self.seconds / workers, self.longest)


@dataclass(frozen=True)
class _Cost:
    cell: float
    air: float


def estimate(plan: Plan, out: Path, budget_s: float, data_dir: Path | None = None) -> Estimate:
    """For what is not finished in `out`; settings are tried for about `budget_s` in all.

    Raises UserError for a setting that cannot be run.
    """
    jobs, taken, began = Jobs(plan, Store(out)), seconds(out), time.monotonic()
    open_ = [cell for cell in plan.cells if not jobs.store.is_done(cell)]
    airs = jobs.open()[0]
    costs = {label: cost for label, cell in _one_each(plan.cells).items() if (cost := _known(label, plan, taken))}
    known = len(costs)
    for label, cell in _one_each(open_).items():
        if label not in costs and time.monotonic() - began < budget_s:
            costs[label] = _tried(cell, data_dir)
    mean = (
        _Cost(*np.mean([(cost.cell, cost.air) for cost in costs.values()], axis=0)) if costs else _Cost(np.nan, np.nan)
    )
    labels = {air.name: cell.label for cell in reversed(plan.cells) if (air := cell.air)}
    ran = [costs.get(cell.label, mean).cell for cell in open_]
    aired = [costs.get(labels[air.name], mean).air for air in airs]
    guessed = len({cell.label for cell in open_} - set(costs))
    longest = max(ran, default=0.0) + max(aired, default=0.0)
    return Estimate(sum(ran) + sum(aired), longest, known, len(costs) - known, guessed)


def _one_each(cells: list[Cell]) -> dict[str, Cell]:
    """A cell of each setting."""
    return {cell.label: cell for cell in reversed(cells)}


def _known(label: str, plan: Plan, taken: dict[str, float]) -> _Cost | None:
    """The mean of what cells of the setting took, and of airs that it uses."""
    mine = [cell for cell in plan.cells if cell.label == label]
    ran = [taken[cell.name] for cell in mine if cell.name in taken]
    aired = [taken[cell.air.name] for cell in mine if cell.air and cell.air.name in taken]
    return _Cost(float(np.mean(ran)), float(np.mean(aired)) if aired else 0.0) if ran else None


def _tried(cell: Cell, data_dir: Path | None) -> _Cost:
    """From two rounds, live, on one thread as workers do, in a folder that goes away."""
    began, rounds, threads = time.monotonic(), cell.run.run.rounds, torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="testbed-trial-") as folder:
        try:
            wall = run(_short(cell.run), Path(folder) / "run", data_dir=data_dir).wall
        except Diverged:  # then it ends as early as this
            return _Cost(time.monotonic() - began, 0.0)
        finally:
            torch.set_num_threads(threads)
    setup = time.monotonic() - began - float(sum(wall[f"{part}_s"].sum() for part in ("network", "training", "mixing")))
    air = float(wall["simulation_s"][-1])
    other = sum(float(wall[f"{part}_s"][-1]) for part in ("training", "mixing", "writing"))
    other += float(wall["evaluation_s"].max()) / cell.run.output.eval_every
    alone = 0.0 if cell.air else air
    return _Cost(max(0.0, setup) + rounds * max(other, alone), rounds * air if cell.air else 0.0)


def _short(scenario: Scenario) -> Scenario:
    network = scenario.network.model_copy(update={"cache": "off"})
    return scenario.model_copy(update={"run": scenario.run.model_copy(update={"rounds": ROUNDS}), "network": network})
