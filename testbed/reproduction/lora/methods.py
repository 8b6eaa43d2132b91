"""The methods: a policy on ranks, a merge that fits it, and an algorithm over both. Not the full product of these.

One rank on all devices makes RBLA, zero padding and replication FedIT, and FlexLoRA what it is weighted by rank; so
these merges are tried with given ranks, and policies with the merge of their authors, or one that looks at products
where components are not alike on all devices.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from testbed.reproduction.lora import ranks
from testbed.reproduction.lora.tasks import Task

Family = Literal["one rank", "given ranks", "policy"]
FAMILIES: tuple[Family, ...] = ("one rank", "given ranks", "policy")
EVERY, DEVICES, ROUNDS, MOST = "every message", "mean over devices", "mean over rounds", "at most, every message"
"""In what sense a method keeps a budget."""


@dataclass(frozen=True)
class Method:
    """What stands in `[lora]` and `[algorithm]`, and how a budget is kept."""

    title: str
    family: Family
    policy: str
    merge: str
    keys: Callable[[Task, int], ranks.Keys | None]
    """(task, budget) to keys of `[lora]`; None where the method makes no sense with that budget."""
    keeps: str = EVERY
    algorithm: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    """Further keys of `[lora]`."""


POWER = {"name": "wpm", "variant": "primal", "p": 3.0}
LOCAL = {"name": "local"}


def _same(title: str, merge: str, **fields: Any) -> Method:
    return Method(title, "one rank", "fixed", merge, fields.pop("keys", ranks.same), **fields)


def _given(title: str, merge: str) -> Method:
    return Method(title, "given ranks", "given", merge, ranks.unequal, DEVICES)


def _policy(title: str, name: str, merge: str, keys: Callable[[Task, int], Any], keeps: str, **extra: Any) -> Method:
    return Method(title, "policy", name, merge, keys, keeps, extra=extra)


METHODS: dict[str, Method] = {
    "local-lora": _same("adapters, nothing sent", "fedit", algorithm=LOCAL, keeps="nothing is sent"),
    "fedit": _same("FedIT", "fedit"),
    "ffa": _same("FFA-LoRA", "ffa", keys=ranks.one_sided, keeps=MOST),
    "ffa-wpm3": _same("FFA-LoRA, WPM p = 3", "ffa", keys=ranks.one_sided, keeps=MOST, algorithm=POWER),
    "ffa-hyperprism": _same(
        "FFA-LoRA, HyperPrism", "ffa", keys=ranks.one_sided, keeps=MOST, algorithm={"name": "hyperprism"}
    ),
    "flexlora": _same("FlexLoRA", "flexlora"),
    "flora": _same("FLoRA", "flora"),
    "products-wpm3": _same("products, WPM p = 3", "products", algorithm=POWER),
    "feedback-wpm3": _same("products, WPM, feedback", "products_feedback", algorithm=POWER),
    "aligned": _same("aligned factors", "aligned"),
    "hetlora-merge": _same("HetLoRA's mean", "hetlora"),
    "given-rbla": _given("RBLA", "rbla"),
    "given-zero": _given("zero padding", "zero_padding"),
    "given-replication": _given("replication", "replication"),
    "given-hetlora": _given("HetLoRA's mean", "hetlora"),
    "given-hetlora-norms": _given("HetLoRA's mean by norms alone", "hetlora_norms"),
    "given-flexlora": _given("FlexLoRA", "flexlora"),
    "given-flora": _given("FLoRA", "flora"),
    "given-weighted": _given("FlexLoRA, weighted by rank", "rank_weighted"),
    "given-completed": _given("FlexLoRA, completed", "completed"),
    "given-aligned": _given("aligned factors", "aligned"),
    "autorank": _policy("AutoRank (reconstructed)", "autorank", "rbla", ranks.autorank, "mean over devices, about"),
    "a2": _policy("LoRA-A2, both factors", "lora_a2", "rbla", ranks.chosen, MOST, gossip="both"),
    "a2-interval": _policy("LoRA-A2, factors in turn", "lora_a2", "rbla", ranks.interval, MOST, gossip="interval"),
    "sa": _policy("SA-FedLoRA (reconstructed)", "sa_fedlora", "flexlora", ranks.annealed, ROUNDS),
    "hetlora": _policy("HetLoRA", "hetlora", "hetlora", ranks.sinking, MOST),
    "sora": _policy("SoRA gates", "sora", "rbla", ranks.sinking, MOST),
    "by-link": _policy("rank by link", "by_link", "flexlora", ranks.by_link, MOST),
    "boost": _policy("XGBLoRA", "boost", "rbla", ranks.boosted, EVERY),
    "branches": _policy("shared and private", "branches", "rbla", ranks.branched, EVERY),
    "partial": _policy("FedPepTAO, partial", "partial", "rbla", ranks.some_layers, MOST),
}
WHOLE = {"whole": "full fine-tuning", "whole-local": "all parameters, nothing sent"}
"""References without `[lora]`."""


def title(method: str) -> str:
    """As people write it."""
    return WHOLE[method] if method in WHOLE else METHODS[method].title


@cache
def fits(task: Task, method: str, budget: int) -> bool:
    """Whether a method is run with a budget."""
    return METHODS[method].keys(task, budget) is not None
