"""What a policy on ranks is: which components a device has, trains and sends, round by round.

A policy is one file in `policies/`. It sees what its devices know: their own adapters, gradients and losses, and what
came with the messages of neighbours.
"""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from testbed.lora.layout import Layout
from testbed.lora.merge import State
from testbed.scenario.lora import Lora as Settings


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
    """(devices,) how long a device's message took to reach a neighbour, on average; NaN where it reached none."""


class Policy(ABC):
    """Ranks of all devices; pure. What is kept is in the state, in which `live` is always there."""

    title: ClassVar[str]
    """Its name as people write it."""
    dynamic: ClassVar[bool] = False
    """Whether what is sent depends on what is learnt, so that no round's messages are known before the run."""
    changes: ClassVar[bool] = False
    """Whether ranks change from round to round."""

    def __init__(self, layout: Layout, settings: Settings, devices: int, seed: int) -> None:
        """Raises UserError for settings that make no sense together."""
        self.layout, self.settings, self.devices, self.seed = layout, settings, devices, seed

    def start(self) -> State:
        """Before the first round."""
        return {"live": torch.ones(self.devices, self.layout.components, dtype=torch.bool)}

    def plan(self, state: State, round_: int) -> Plan:
        """Of a round that begins."""
        live = state["live"]
        return Plan(live, live, live)

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
