"""The paper's figures 2 and 4: what a fixed power does to accuracy, to speed and to the size of the weights."""

from collections.abc import Iterator
from pathlib import Path

from testbed.report import plot_powers, plot_theory
from testbed.report.spread import Spread
from testbed.report.text import markdown, spread_text
from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.grid import PAPER_LR
from testbed.reproduction.hyperprism.results import SHARE, Results

SMALL_AFTER = 80
"""Rounds after which figure 4 counts them."""
PAPER_SHARES = {1.0: "11.65", 9.0: "1.67", 15.0: "1.21"}
TEXT = """## Fixed powers: the paper's figures 2 and 4

The weighted power mean with one p, in the base setting over random graphs, lr {lr:g}; p = 1 is linear. `mirror` takes
the gradient step inside the mean (eq. 6), `primal` before it (algorithm 1): the paper has both. Small are parameters of
at most .01 in size; the paper gives their share after {small} rounds in its figure 4, and not for which variant.
"""


def theory(results: Results, folder: Path) -> str:
    """The section of the page; its figures are written into `folder`."""
    rows = [_row(results, method) for method in results.plan.powers]
    head = ["variant", "p", "Max Acc", "Conv. Rds (own target)", "% small", "% small in the paper"]
    table = markdown([head, *rows])
    return "\n".join([TEXT.format(lr=PAPER_LR, small=SMALL_AFTER), table, "", *_figures(results, folder)])


def _row(results: Results, method: str) -> list[str]:
    variant, p = method.split("-")[1:]
    curves = list(results.fixed_power(method).values())
    best = Spread(tuple(curve.best for curve in curves))
    rounds = Spread(tuple(curve.first(SHARE * curve.best) or float("nan") for curve in curves))
    long = [curve.small_share for curve in curves if len(curve.small_share) >= SMALL_AFTER]
    small = Spread(tuple(float(share[SMALL_AFTER - 1]) for share in long))
    paper = PAPER_SHARES.get(float(p[1:]), "")
    return [variant, p[1:], spread_text(best, 1, 100.0), spread_text(rounds, 1), spread_text(small, 2, 100.0), paper]


def _figures(results: Results, folder: Path) -> Iterator[str]:
    """Of seed 1, as far as it is finished."""
    store, plan = results.jobs.store, results.plan
    fixed = [cell for method in plan.powers for cell in results.jobs.figure_cells(method)[:1]]
    mirror = [store.folder(cell) for cell in fixed if "-mirror-" in cell.method and store.is_done(cell)]
    if mirror:
        plot_theory(mirror, folder / "theory.png")
        yield "![Consensus distance, spectral gap, mean size, share of small parameters against rounds](theory.png)\n"
    ours = Cell(plan.tasks[0], plan.base, "hyperprism", "graph", PAPER_LR, 1)
    if store.is_done(ours):
        plot_powers([store.folder(ours)], folder / "powers.png")
        yield "The powers that HyperPrism's hypernetworks choose there, a thin line for each device, the mean thick:\n"
        yield "![p against rounds](powers.png)\n"
