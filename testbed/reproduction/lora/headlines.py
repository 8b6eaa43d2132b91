"""What the papers say they save, how they count, and what is saved here."""

from testbed.report.text import markdown
from testbed.reproduction.lora import tables
from testbed.reproduction.lora.results import Results

ROBERTA = 124_000_000
"""Numbers of RoBERTa-base, as 186 B uploads over 1,500 client rounds have it."""
ROBERTA_RANK = 165_888
"""Numbers that one rank takes on its 72 adapted linear layers."""
A2 = {8: (1.31, 0.991), 4: (0.888, 0.497), 2: (0.528, 0.249), 1: (0.270, 0.124)}
"""Rank to billions of numbers uploaded by LoRA-A2 and by FFA-LoRA, of 186 by full fine-tuning (table 1 there)."""
FULL = 186.0

TEXT = """## Uploads saved against full fine-tuning

Two papers have a headline: LoRA-A2 "99.8 %" fewer parameters uploaded than full fine-tuning, SA-FedLoRA "93.62 %" fewer
than FedAvg. Neither can be held against a number below without its definition:

- **LoRA-A2** (arXiv 2410.22815, table 1) counts *numbers of adapters uploaded by all clients in all rounds*: 0.270
  billion of 186 at r = 1, which is 1 - 0.270 / 186 = 99.85 %; 99.72, 99.52 and 99.30 % at r = 2, 4 and 8. Downloads,
  headers, masks and the classifier head are not in it, as far as the numbers tell. Its model is RoBERTa-base, 124
  million numbers, adapters on all 72 linear layers of the blocks: {rank:,} numbers a rank, so *any* adapter of rank 1
  saves 1 - {rank:,} / 124 M = {share:.2f} %, whatever the method. One side of a component, B or A alone, is half of
  that in the mean (FFA-LoRA's numbers). LoRA-A2 sends one side of what it selects in a round; its 0.270 at r = 1 is
  near 2 r one-sided columns a layer (0.249), not r (0.124). That is our reading of the arithmetic; the paper does not
  say.
- **SA-FedLoRA** (arXiv 2405.09394 v1, abstract) counts *parameters communicated* against FedAvg of the whole model; we
  read 1 - (sum over rounds of what it sends) / (the same of FedAvg). If its first stage sends the whole model, as
  reviews say, 93.62 % of 50 rounds has place for three such rounds at most, and not for one more. Model, data and
  rounds of that number are not known to us.
- **Here**: *saved, bytes* is 1 - bytes of the method / bytes of full fine-tuning over as many rounds, all devices, as
  they are handed to the network: float32 numbers, headers, ranks or masks, and the head that every device trains whole
  beside its adapters. *Saved, adapters alone* counts as LoRA-A2's table does: without headers and head. Each device
  broadcasts one message a round to its neighbours; there is no server, and nothing comes down. Our LoRA-A2 sends both
  factors of what it selects (`both`) or the one that trains (`in turn`), out of a budget in bytes: it fills the budget,
  and saves what the budget saves. Our SA-FedLoRA sends adapters from the first round on, never the whole model.
- **Pears**: our models are small, so one rank is a larger part of them, and the head weighs more. The same method with
  the same rank saves less here than on RoBERTa, for no other reason. What can be compared between methods is the
  accuracy at equal bytes; what can be compared with the papers is the order of methods, not the percent.
"""


def headlines(results: Results) -> str:
    """The section of the page."""
    parts = [TEXT.format(rank=ROBERTA_RANK, share=100 * (1 - ROBERTA_RANK / ROBERTA)), _papers(), ""]
    parts += ["What a rank is of each model here, by arithmetic:", "", tables.bytes_table(results.plan.tasks), ""]
    for task in results.plan.tasks:
        if not all(tables.is_empty(results, place) for place in results.plan.places(task)):
            parts += [f"### {task.name}: saved, alpha {task.alphas[0]:g}", "", tables.savings_table(results, task), ""]
    return "\n".join(parts)


def _papers() -> str:
    """The papers' numbers, from their own counts."""
    rows = [
        ["LoRA-A2, RoBERTa-base", f"{rank}", f"{_saved(a2)}", f"{_saved(one_sided)}", f"{_saved(_both(rank))}"]
        for rank, (a2, one_sided) in A2.items()
    ]
    head = ["paper, model", "r", "LoRA-A2 saves", "FFA-LoRA saves", "both factors at that rank save"]
    return markdown([head, *rows, ["SA-FedLoRA v1, unknown", "", "", "", "93.62 % (its own method)"]])


def _both(rank: int) -> float:
    """Billions of numbers that both factors take in as many uploads."""
    return FULL * rank * ROBERTA_RANK / ROBERTA


def _saved(billions: float) -> str:
    return f"{100 * (1 - billions / FULL):.2f} %"
