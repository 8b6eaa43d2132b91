"""The page with all tables, and what they may be held against."""

from collections.abc import Iterator
from pathlib import Path

from testbed.report.text import write_text
from testbed.reproduction.lora import tables
from testbed.reproduction.lora.figures import draw_budgets, draw_rounds
from testbed.reproduction.lora.headlines import headlines
from testbed.reproduction.lora.methods import METHODS, title
from testbed.reproduction.lora.plan import Place
from testbed.reproduction.lora.results import SHARE, Results
from testbed.reproduction.lora.tasks import Task, shape, whole_bytes

HEAD = """# LoRA clients at equal bytes

Policies on ranks and merges of adapters, without a server, over live 802.11a (ns-3), at equal byte budgets; full
fine-tuning and devices that send nothing are the references. This page and all files beside it are written by
`testbed reproduce lora`; [how.md](../how.md#lora) says how, [why.md](why.md) what we make of it. All settings are ours:
no paper here has devices that hear only their neighbours.

- A budget of rank r are the bytes that adapters of rank r take in a message on every adapted layer, float32, both
  factors. Every method keeps it in one of the senses that the table of methods names; the bytes that were sent in fact
  stand beside the accuracy. A header (28 B and a few), masks or ranks, and the head, which is trained whole by all,
  come on top, and are counted in all columns of bytes.
- best, last: the highest, and the last, mean over devices of the local models' test accuracy, in percent.
- MB: messages of all devices in all rounds, as they are handed to the network. air MB: the time that radios sent, at
  24 Mb/s: frames, repairs, hellos, answers and preambles. s: simulated. J: radios and computing of all devices.
- To the common target: {share:g} of full fine-tuning's best under the same seed. `-`: never under any seed;
  `(2 of 3)`: under so many, and the mean is of those; nothing: not run.
- rank: at the end, mean over layers and devices. energy above: the share of |B A|_F^2 above rank 1 at the end; where
  ranks collapse it goes to 0.
- Mean ± standard deviation (n - 1) over seeds. † and a number: so many seeds diverged; what came before counts.
- Adapters of AutoRank and SA-FedLoRA are reconstructions from abstracts and reviews: nothing here judges these papers.
"""

PAIRS = """## Methods

Not the full product of policies, merges and algorithms. With one rank on all devices RBLA, zero padding and
replication are FedIT, and FlexLoRA is what it is weighted by rank or completed; FLoRA is FlexLoRA here in any case, as
a stack that grows with each hop has to be pressed. FFA-LoRA sends B alone, and has the highest rank that fits;
SA-FedLoRA begins with the highest rank whose schedule sends r a round in the mean. Given ranks are r / 2, r, r / 2, 2 r
in turn. A method is left out of budgets where it makes no sense: unequal ranks of mean 1, layers to choose among where
there is one.
"""


def write(results: Results, folder: Path) -> Path:
    """Write tables (Markdown, CSV), figures and the page into `folder`; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [HEAD.format(share=SHARE), *_state(results), PAIRS, tables.pairs_table(), ""]
    savings = headlines(results)
    parts.append(savings)
    write_text(folder / "savings.md", savings.replace("## ", "# ", 1))
    write_text(folder / "results.csv", tables.as_csv(results))
    for task in results.plan.tasks:
        text = "\n".join(_task(results, task, folder))
        write_text(folder / f"{task.name}.md", text.replace("## ", "# ", 1))
        parts.append(text)
    return write_text(folder / "README.md", "\n".join(parts))


def _state(results: Results) -> Iterator[str]:
    """How much of it is there, and what was cut."""
    yield "## What is there\n"
    for task in results.plan.tasks:
        yield f"- {task.name}: {_count(results, task)}. {_local(task)}"
    yield ""


def _count(results: Results, task: Task) -> str:
    """References have one cell for all budgets."""
    plan, done = results.plan, {}
    for place in plan.places(task):
        for method in plan.lines(place):
            key = place.alpha, method, place.budget if method in plan.methods else 0
            done[key] = len(results.curves(place, method))
    return f"{sum(done.values())} of {len(done) * plan.seeds} cells"


def _local(task: Task) -> str:
    rates = "lr tuned for each method" if task.lr is None else f"lr {task.lr:g} for all"
    return (
        f"{task.devices} devices that stand still, density {task.density:g}, {task.rounds} rounds of "
        f"{task.local_steps} AdamW steps of batch {task.batch}, {rates}; measured every {task.eval_every} rounds on "
        f"{task.eval_samples or 'all'} test samples. {task.note}"
    )


def _task(results: Results, task: Task, folder: Path) -> Iterator[str]:
    yield f"## {task.name}\n\n{task.note}\n"
    if not task.runs_whole:
        full = whole_bytes(task) * task.devices * task.rounds / 1e6
        yield f"Full fine-tuning would send {full:,.1f} MB ({shape(task).whole:,} numbers a message).\n"
    places = results.plan.places(task)
    if all(tables.is_empty(results, place) for place in places):
        yield "Nothing of it has been run.\n"
        return
    yield f"![Best accuracy against bytes and seconds, all budgets]({draw_budgets(results, task, folder).name})\n"
    for place in places:
        if not tables.is_empty(results, place):
            yield from _place(results, place, folder)
    if task.lr is None:
        yield f"### {task.name}: learning rates\n\n{_rates(task)}\n\n{tables.rates_table(results, task)}\n"


def _rates(task: Task) -> str:
    return (
        f"Half decades, tuned at alpha {task.alphas[0]:g} and r = {task.base_budget} (or the method's first) over "
        f"random graphs, {task.tuning_rounds} rounds, seed 0, on {task.validation:,} held out training samples; in "
        "brackets what was tried, with its best accuracy in percent, × where it diverged. They hold for all budgets "
        "and skews."
    )


def _named(method: str) -> str:
    """Methods of one title differ in their ranks."""
    of = METHODS.get(method)
    return f"{title(method)} ({of.family})" if of and of.family == "given ranks" else title(method)


def _place(results: Results, place: Place, folder: Path) -> Iterator[str]:
    yield f"### {place.task.name}, alpha {place.alpha:g}, bytes of r = {place.budget}\n"
    yield tables.result_table(results, place) + "\n"
    if left := [method for method in results.plan.lines(place) if method not in tables.ran(results, place)]:
        yield f"Not run here: {', '.join(map(_named, left))}.\n"
    if results.targets(place):
        yield f"To the common target:\n\n{tables.target_table(results, place)}\n"
    figure = draw_rounds(results, place, folder)
    yield f"![Accuracy against bytes and against seconds, r = {place.budget}]({figure.name})\n"
