"""The page with all tables, what they say of the paper's claims, and what was left out."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from testbed.report.text import markdown, write_text
from testbed.reproduction.hyperprism import tables
from testbed.reproduction.hyperprism.cells import BATCH
from testbed.reproduction.hyperprism.claims import CLAIMS
from testbed.reproduction.hyperprism.costs import airs, costs
from testbed.reproduction.hyperprism.figures import draw
from testbed.reproduction.hyperprism.grid import PAPER_LR, TITLES, TUNING_SEED, AirKind, Column, Task
from testbed.reproduction.hyperprism.ground import Ground
from testbed.reproduction.hyperprism.results import SHARE, Results
from testbed.reproduction.hyperprism.theory import theory
from testbed.reproduction.hyperprism.tuned import rates
from testbed.reproduction.task import PAYLOAD_BYTES

WHAT = {2: "data less and less IID", 3: "density of the graph", 4: "number of devices"}
HEAD = """# The tables of the HyperPrism paper

Du et al., NeurIPS 2024, section 6: HyperPrism against its baselines. This page and all files beside it are written by
`testbed reproduce hyperprism`; [how.md](how.md) says how, [why.md](why.md) what we make of it, [base.md](base.md) has
variants and fixed powers.

The paper gives its tables as pictures and names no code, so no number is compared digit by digit: what can be compared
are its sentences. Its settings are taken as they are: Dirichlet concentration .1, 1 or 10; density .2, .5 or .8; 20, 50
or 100 devices; else .1, .5 and 50; a new graph every round, 100 rounds, batch {batch}. All else is our reading.

- Max Acc: the highest mean over devices of the local models' test accuracy, in percent.
- Conv. Rds: the first round, from 1 on, that reaches a target. The paper does not say which, so there are two: the
  common target, {share:g} of D-PSGD's Max Acc under the same seed; and {share:g} of the method's own Max Acc.
- Simulated seconds, megabytes of messages and joules of all devices: to the common target.
- Mean ± standard deviation (n - 1) over seeds. `-`: never under any seed; `(2 of 3)`: under so many, and the mean is of
  those; nothing: not run. † and a number: so many seeds diverged; what came before counts.
- The last row is HyperPrism against the best baseline: Max Acc relative to the highest; rounds saved of the fewest.
- lr: {lr:g} for all methods, as in the paper; and tuned for each method and setting on held out training images.
"""

VERDICTS = """Means over seeds are compared, whatever their spread, which the tables have. "More time a round" and
"less time in all" are wall-clock seconds of runs that went on side by side on shared cores;
[docs/benchmarks.md](../benchmarks.md) has the figure of a quiet machine.
"""


def write(results: Results, folder: Path) -> list[Path]:
    """Write tables (Markdown, CSV), figures and the page into `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written, parts = [], [head(results), claims(results)]
    for table in results.plan.tables:
        text = f"## Table {table}: {WHAT[table]}\n\n" + "\n".join(_table(results, table, folder))
        written += [write_text(folder / f"table{table}.csv", tables.as_csv(results, table))]
        written += [write_text(folder / f"table{table}.md", text.replace("## ", "# ", 1))]
        parts.append(text)
    parts += [theory(results, folder), costs(results), airs(results), rates(results)]
    return [write_text(folder / "README.md", "\n".join(parts)), *written]


def head(results: Results) -> str:
    """What the page is, how much of it is there, and what was cut."""
    words = HEAD.format(batch=BATCH, share=SHARE, lr=PAPER_LR)
    return "\n".join([words, "## What is there\n", *(f"- {line}" for line in _state(results)), ""])


def claims(results: Results) -> str:
    """A table of the paper's sentences for each air; a column for each data set and choice of learning rates."""
    text = f"## What the paper says, and what comes out\n\n{VERDICTS}\n"
    for air in results.plan.airs:
        grounds = [Ground(results, *each) for each in tables.variants(results.plan) if each[1] == air]
        names = [f"{ground.task.data}, {ground.column} lr" for ground in grounds]
        rows = [[f"{each.sentence} *({each.measure})*", *map(each.judge, grounds)] for each in CLAIMS]
        text += f"Over {tables.AIRS[air]}:\n\n{markdown([['claim (how measured)', *names], *rows])}\n\n"
    return text


def _table(results: Results, table: int, folder: Path) -> Iterator[str]:
    for task, air, column in tables.variants(results.plan):
        yield f"### {tables.heading(task, air, column)}\n"
        if tables.is_empty(results, table, task, air, column):
            yield "Nothing of it has been run.\n"
            continue
        yield tables.accuracy_table(results, table, task, air, column) + "\n"
        yield f"To the common target:\n\n{tables.cost_table(results, table, task, air, column)}\n"
        figure = draw(results, table, task, air, column, folder)
        yield f"![Table {table}, {tables.heading(task, air, column)}]({figure.name})\n"


def _state(results: Results) -> Iterator[str]:
    plan = results.plan
    for task, air, column in tables.variants(plan):
        yield f"{tables.heading(task, air, column)}: {_count(results, task, air, column)}."
    yield from (line for task in plan.tasks for line in _cuts(task))
    yield (
        f"The live air: {PAYLOAD_BYTES} message bytes in a frame, the most there can be, for fewer frames to simulate; "
        "each air was recorded once, and every method whose messages are of that size plays the recording."
    )


def _count(results: Results, task: Task, air: AirKind, column: Column) -> str:
    plan, wanted, done = results.plan, 0, 0
    for place, method in product(plan.places(), plan.methods):
        if (place.task, place.air, place.column) == (task, air, column):
            wanted += plan.seeds
            done += len(results.curves(place, method))
    return f"{done} of {wanted} cells"


def _cuts(task: Task) -> Iterator[str]:
    """What was done less of than in the paper, or than one would wish."""
    images = f"the first {task.eval_samples:,} test images" if task.eval_samples else "all test images"
    every = "every round" if task.eval_every == 1 else f"every {task.eval_every} rounds, so Conv. Rds are as coarse"
    latest = f"a round closes after {task.deadline_s:g} s at the latest"
    pixels = "from 0 to 1" if task.pixels == "unit" else "of mean 0 and standard deviation 1 in each channel"
    start = "PyTorch's default" if task.init is None else "that of He et al. (2015)"
    yield f"{TITLES[task.data]}: evaluated on {images}, {every}; {latest}."
    yield f"{TITLES[task.data]}: pixels are {pixels}, the models' common start is {start}; the paper says neither."
    where = "the base setting alone, for all settings" if task.tuned_at_base else "each setting"
    yield (
        f"{TITLES[task.data]}: rates were tuned in {where}, over {task.tuning_rounds} rounds of random graphs under "
        f"seed {TUNING_SEED}, on {task.validation:,} training images that were held out for it."
    )
