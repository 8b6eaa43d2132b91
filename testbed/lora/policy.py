"""What a policy on ranks is: which components a device has, trains and sends, round by round.

A policy is one file in `policies/`. It sees what its devices know: their own adapters, gradients and losses, and what
came with the messages of neighbours.
"""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.budget import component_bytes
from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.scenario.lora import Lora as Settings


@dataclass(frozen=True)
class Facts:
    """What a policy is told of the run beside its settings."""

    counts: Tensor
    """(devices, classes) int64: how many training samples of each label the devices have."""
    trains: str = "AB"
    """The factors that the merge lets devices train and send (`Merge.trains`)."""


@dataclass(frozen=True)
class Plan:
    """What the devices do in a round, decided before its training. Bool (devices, components) each."""

    live: Tensor
    """The components that they have."""
    a: Tensor
    """Whose rows of A they train."""
    b: Tensor
    """Whose columns of B they train."""
    proximal: float = 0.0
    """mu of the penalty mu / 2 |x - x0|^2 on the way from where the local training began."""


@dataclass(frozen=True)
class Seen:
    """What a round showed the devices, a row each."""

    losses: Tensor
    """(devices,) of the local training."""
    heard: Tensor
    """(devices, devices) bool, [i, j]: the message of j arrived at i."""
    seconds: Tensor
    """(devices,) how long a device's message took from its first frame until a neighbour had it, on average; NaN where
    it reached none."""
    models: Tensor
    """(devices, size) before the local training."""
    updates: Tensor
    """(devices, size): what the local training took off them, as it counted."""
    samples: Sequence[Tensor] = ()
    """In round 0 of a policy that `measures`: the loss of each of a device's training samples, (samples,) for each
    device, under its model at the end of the local training."""


class Policy(ABC):
    """Ranks of all devices; pure. What is kept is in the state, in which `live` is always there.

    A round, in turn: `plan`; local training, with `penalty`; `select`; the exchange, with `extra_bytes`; the merge;
    `after`. What is not live is zero in the models.
    """

    title: ClassVar[str]
    """Its name as people write it."""
    dynamic: ClassVar[bool] = False
    """Whether what is sent depends on what is learnt, so that no round's messages are known before the run."""
    changes: ClassVar[bool] = False
    """Whether ranks change from round to round."""
    unequal: ClassVar[bool] = True
    """Whether devices may have, or send, other components than each other."""
    lists: ClassVar[bool] = True
    """Whether `lora.rank` may be a list."""
    reorders: ClassVar[bool] = False
    """Whether a change of ranks puts others in place of a device's components, so that those of one number are no
    longer alike on all devices."""
    parts: ClassVar[bool] = False
    """Whether a message may hold fewer components than its sender has, or one factor of them."""
    measures: ClassVar[bool] = False
    """Whether round 0 ends with the losses of all samples (`Seen.samples`)."""
    drops: ClassVar[bool] = False
    """Whether updates of what `select` leaves out do not count: the device takes them back before it mixes."""
    chooses: ClassVar[bool] = False
    """Whether `select` keeps what is sent within `lora.budget_bytes`, whatever that is."""

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int, facts: Facts) -> None:
        """Raises UserError for settings that make no sense together."""
        self.layout, self.settings, self.devices, self.seed, self.facts = layout, settings, devices, seed, facts
        self.most = self._most()
        """(devices,) int64: the largest rank of each device, at most the largest room of a layer."""
        self._check_budget()

    def start(self) -> State:
        """Before the first round."""
        return {"live": self._nested(self.most)}

    def plan(self, state: State, round_: int) -> Plan:
        """Of a round that begins."""
        return self._plan(state["live"], state["live"])

    def penalty(self, models: Tensor, plan: Plan) -> Tensor | None:
        """(devices, size) what every local step adds to the gradient at `models`, which are as they stand then; None
        for nothing."""
        return None

    def select(self, plan: Plan, models: Tensor, updates: Tensor, state: State) -> tuple[Tensor, Tensor]:
        """What is sent: whose rows of A, whose columns of B, bool (devices, components) each.

        models (devices, size): before the local training. updates: what it took off them.
        """
        return plan.a, plan.b

    def extra_bytes(self, state: State) -> Tensor:
        """(devices,) int64: what a message carries beside adapters."""
        return torch.zeros(self.devices, dtype=torch.int64)

    def after(self, models: Tensor, state: State, round_: int, seen: Seen) -> tuple[Tensor, State]:
        """Models and state at the end of a round; here ranks change. The functions that the models are stay the same
        where ranks grow, and stay as near as they can where ranks shrink."""
        return models, state

    def most_sent(self) -> tuple[Tensor, Tensor]:
        """The most that messages ever carry, as `select` gives it."""
        live = self._nested(self.most)
        plan = self._plan(live, live)
        return plan.a, plan.b

    @cached_property
    def _beginning(self) -> Tensor:
        """(size,): how components begin."""
        return self.layout.start(self.seed, torch.zeros(self.layout.size - self.layout.head.start))

    def _plan(self, live: Tensor, trained: Tensor, proximal: float = 0.0) -> Plan:
        """That trains both factors of `trained`, as far as the merge has them trained."""
        none = torch.zeros_like(trained)
        a, b = (trained if factor in self.facts.trains else none for factor in "AB")
        return Plan(live, a, b, proximal)

    def _nested(self, ranks: Tensor) -> Tensor:
        """Bool (devices, components): the first `ranks` (devices,) of every layer, as far as it has room."""
        return self.layout.nested(ranks[:, None].expand(-1, len(self.layout.sites)))

    def _most(self) -> Tensor:
        rank, room = self.settings.rank, max(site.room for site in self.layout.sites)
        if isinstance(rank, int):
            return torch.full((self.devices,), min(rank, room))
        if not self.lists:
            raise UserError(f'lora.rank = {list(rank)}: {self.title} takes one number; a list is for policy = "given".')
        if len(rank) != self.devices:
            raise UserError(f"lora.rank is a list of {len(rank)} ranks for {self.devices} devices: one for each.")
        return torch.tensor(rank).clamp(max=room)

    def _needs_both(self, why: str) -> None:
        if self.facts.trains != "AB":
            raise UserError(
                f"lora.policy: {self.title} {why}, but lora.merge = {self.settings.merge!r} leaves one factor as it "
                "begins: take a merge that trains both."
            )

    def _check_budget(self) -> None:
        budget = self.settings.budget_bytes
        if budget is None or self.chooses:
            return
        need = int(component_bytes(self.layout, *self.most_sent(), self.settings.dtype).sum(1).max())
        if need > budget:
            raise UserError(
                f"lora.budget_bytes = {budget}: {self.title} sends up to {need} bytes of adapters in a message; take "
                f'lower ranks, a budget of at least {need}, or lora.policy = "lora_a2", which chooses what to send.'
            )
