"""Layers, policies, and rounds without a network, for tests of policies."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import testbed.lora.policies
from testbed.lora.layout import Layout, Target
from testbed.lora.merge import State
from testbed.lora.policy import Facts, Plan, Policy, Seen
from testbed.scenario.lora import Lora

POLICIES = sorted(file.stem for file in Path(testbed.lora.policies.__path__[0]).glob("*.py") if file.stem != "__init__")
TARGETS = [
    Target("0", "linear", (10, 20)),
    Target("2", "conv", (6, 3, 5, 5)),
    Target("e", "embedding", (50, 8)),
]
LAYOUT = Layout(TARGETS, [4, 3, 4], [("head.bias", (5,))])
DEVICES = 5
SHORT = {
    **{"rank": 4, "rank_min": 1, "flood_rounds": 2, "init_rounds": 1, "heat_rounds": 2, "cool_rounds": 5},
    **{"message_s": 1.0, "stage_rounds": 2, "shared": 2, "layers": 1, "prune": 0.5, "threshold": 0.2},
    **{"penalty": 0.1, "gate_l1": 0.1},
}
"""Settings with which all that a policy does comes within a few rounds."""


def find(name: str) -> type[Policy]:
    module = importlib.import_module(f"testbed.lora.policies.{name}")
    found = [each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__]
    (policy,) = [each for each in found if issubclass(each, Policy)]
    return policy


def counts(devices: int = DEVICES, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 9, (devices, 6), generator=draw)


def build(
    name: str, devices: int = DEVICES, layout: Layout = LAYOUT, facts: Facts | None = None, **settings: Any
) -> Policy:
    own = Lora(policy=name, **{**SHORT, **settings})
    return find(name)(layout, own, devices, 3, facts or Facts(counts(devices)))


def started(policy: Policy, state: State) -> Tensor:
    """Models before the first round."""
    live = state["live"]
    start = policy.layout.start(policy.seed, torch.ones(policy.layout.size - policy.layout.head.start))
    return start.repeat(policy.devices, 1).masked_fill(~policy.layout.columns(live, live), 0.0)


@dataclass
class Round:
    """All of one round."""

    number: int
    plan: Plan
    sent: tuple[Tensor, Tensor]
    trained: Tensor
    """Models at the end of the local training."""
    models: Tensor
    """At the end of the round."""
    before: State
    state: State
    extra: Tensor


def rounds(policy: Policy, number: int, order: Tensor | None = None) -> Iterator[Round]:
    """Rounds with random updates on a ring without mixing; device i is number `order[i]` of all that is drawn."""
    draw = torch.Generator().manual_seed(1)
    order = torch.arange(policy.devices) if order is None else order
    state = policy.start()
    models = started(policy, state)
    ring = torch.eye(policy.devices, dtype=torch.bool).roll(1, 1)
    heard = (ring | ring.T)[order][:, order]
    for round_ in range(number):
        plan = policy.plan(state, round_)
        penalty = policy.penalty(models, plan)
        updates = 0.1 * torch.randn(models.shape, generator=draw)[order]
        updates = updates * policy.layout.columns(plan.a, plan.b) + (0.0 if penalty is None else penalty)
        sent = policy.select(plan, models, updates, state)
        if policy.drops:
            updates = updates * policy.layout.columns(*sent)
        trained = models - updates
        samples = [torch.rand(30, generator=draw) * 4 for _ in order]
        seen = Seen(
            losses=torch.rand(policy.devices, generator=draw)[order],
            heard=heard,
            seconds=(0.1 + torch.rand(policy.devices, generator=draw)[order]) * 3,
            models=models,
            updates=updates,
            samples=[samples[int(i)] for i in order] if policy.measures and round_ == 0 else (),
        )
        extra = policy.extra_bytes(state)
        models, after = policy.after(trained, state, round_, seen)
        yield Round(round_, plan, sent, trained, models, state, after, extra)
        state = after


def products(values: Tensor, layout: Layout = LAYOUT) -> list[Tensor]:
    """B A of every layer, (devices, outputs, inputs), dense, float64."""
    pairs = [layout.factors(values.double(), site) for site in layout.sites]
    return [b.mT @ a for a, b in pairs]
