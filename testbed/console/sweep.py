"""What a person sees of a sweep: what it will do, and what came of it."""

import math
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from testbed import sweep as sweeps
from testbed.campaign import Store
from testbed.campaign.cores import workers_for
from testbed.campaign.engines import engine_of
from testbed.console.campaign import Campaign, clock
from testbed.errors import UserError
from testbed.results import Run, Sweep
from testbed.results.curve import curve_of, has_diverged
from testbed.results.manifest import mixed
from testbed.sweep import Estimate, Plan

SHOWN = 60
"""Settings that a table lists; the rest is counted."""
MOST = 1000
"""Cells that are run without being asked about."""
TRIALS_S = 30.0
"""How long a dry run tries settings, about."""


def sweep(
    file: Path,
    overrides: list[str],
    out: Path | None,
    dry_run: bool,
    yes: bool,
    jobs: int | None,
    engine: str,
    address: str,
    data_dir: Path | None,
    command: str,
) -> None:
    """Run the sweep in `file`, or list what it would do. Raises UserError at the end for jobs that failed."""
    cells = sweeps.count(sweeps.read_sweep(file))
    if cells > MOST and not yes and not dry_run:  # before they are made, which takes as long as they are many
        raise UserError(f"{file} has {cells:,} cells: look at them with --dry-run, and say --yes to run them.")
    plan = sweeps.plan_of(file, overrides)
    out = out or Path("runs") / plan.name
    sweeps.require_folder(plan, out)
    workers = jobs or workers_for(cell.run for cell in plan.cells)
    doer = engine_of(engine, workers, address)
    if dry_run:
        _plan(plan, out)
        _estimate(sweeps.estimate(plan, out, TRIALS_S, data_dir), workers)
        return
    with Campaign(Store(out)) as campaign:
        failed = sweeps.sweep(plan, out, doer, campaign, data_dir, command)
    try:
        _summary(out)
    finally:
        if failed:
            raise UserError("\n".join(f"{done.job.kind} {done.job.name} failed: {done.told}" for done in failed))


def _plan(plan: Plan, out: Path) -> None:
    """Every setting with its seeds, what of them is finished, and the airs."""
    store, settings = Store(out), defaultdict(list)
    for cell in plan.cells:
        settings[cell.label].append(cell)
    table = Table("setting", "seeds", "finished", box=None, header_style="dim")
    for label, cells in list(settings.items())[:SHOWN]:
        seeds = ", ".join(str(cell.seed) for cell in cells)
        table.add_row(label, seeds, f"{sum(map(store.is_done, cells))} of {len(cells)}")
    Console(soft_wrap=False).print(table, markup=False)
    if len(settings) > SHOWN:
        print(f"... and {len(settings) - SHOWN} settings more")
    done, shared = sum(map(store.is_done, plan.cells)), sum(cell.air is not None for cell in plan.cells)
    print(f"{len(plan.cells)} cells in {len(settings)} settings, {done} finished in {out}")
    if shared:
        print(f"{len(plan.airs)} live airs are simulated once each, for {shared} cells")


def _estimate(estimate: Estimate, workers: int) -> None:
    """How long, and what that rests on."""
    basis = [
        f"{estimate.known} settings known from finished cells" * bool(estimate.known),
        f"{estimate.tried} tried for two rounds" * bool(estimate.tried),
        f"{estimate.guessed} taken to be like the others" * bool(estimate.guessed),
    ]
    processes = f"{workers} process{'es' * (workers != 1)} of this machine"
    if math.isnan(estimate.seconds):
        print(f"how long it takes is not known: no setting was tried; {processes}")
    else:
        told = "; ".join(filter(None, basis)) or "nothing is left to do"
        print(f"about {clock(estimate.lasts(workers))} on {processes} ({told})")


def _summary(out: Path) -> None:
    """The best accuracy of each setting over its seeds, and what is missing."""
    sweep, missing = Sweep(out), 0
    found: dict[str, list[float]] = defaultdict(list)
    for cell in sweep.cells:
        place = sweep.place(cell)
        ended = Run.is_one(place) and (Run(place).finished or has_diverged(place))
        missing += not ended
        found[cell.label] += [curve_of(place).best] if ended else []
    table = Table("setting", "seeds", "best accuracy", box=None, header_style="dim")
    for label, values in list(found.items())[:SHOWN]:
        table.add_row(label, str(len(values)), _spread(values))
    Console().print(table, markup=False)
    if len(found) > SHOWN:
        print(f"... and {len(found) - SHOWN} settings more")
    if told := mixed(Run(place).manifest for cell in sweep.cells if Run.is_one(place := sweep.place(cell))):
        print(told)
    if missing:
        why = "they failed, or their air did, or another call is at them"
        print(f"{missing} of {len(sweep.cells)} cells are not finished: {why}")
    print(f"{out}; figures: testbed plot density {out}")


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    spread = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
    return f"{np.mean(values):.4f}{spread}"
