"""What a merge is: how a device makes one adapter of its own and of those that arrived, whatever their ranks.

A merge is one file in `merges/`. It is given means to take, linear ones or HyperPrism's power means, and says of what
they are taken: of factors, of products, of components that somebody has.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, Protocol

import torch
from torch import Tensor

from testbed.lora.adapters import Adapters, with_own
from testbed.lora.layout import Layout

State = dict[str, Tensor]
"""What is kept from one round to the next, a row per device in each tensor."""
Part = Literal["A", "B", "head", "product"]


class Mean(Protocol):
    """Means of each column over messages."""

    def __call__(self, values: Tensor, weights: Tensor, part: Part) -> Tensor:
        """(devices, columns) of `values` (messages, columns), those of the devices first, with `weights` (devices,
        messages), whose rows sum to 1. A device with all the weight on its own keeps its own bit for bit.

        `part` says what the columns are: a power mean has a power for each.
        """


class Merge(ABC):
    """The mixing of adapters; pure."""

    title: ClassVar[str]
    """Its name as people write it."""
    trains: ClassVar[str] = "AB"
    """The factors that are trained and sent; the other one stays as it began, and is the same on all devices."""
    unequal: ClassVar[bool] = True
    """Whether it is defined for ranks that differ."""
    rebases: ClassVar[bool] = False
    """Whether mixing gives components in another basis, to which no momentum of before belongs."""
    power_means: ClassVar[bool] = True
    """Whether it is defined for means that are not linear."""
    by_index: ClassVar[bool] = False
    """Whether it takes components of one number for alike on all devices."""
    whole_adapters: ClassVar[bool] = False
    """Whether a message has to carry all components of its sender, both factors of each."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def start(self, devices: int) -> State:
        """What is kept, before the first round."""
        return {}

    def mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        """New values (devices, size) and the new state.

        own: of the devices, as trained. sent: the messages as their receivers have them; message i < devices is that
        of device i, and may carry less than the device has. weights (devices, messages): row i is what device i gives
        to each; 0 where none arrived. A device keeps its ranks. One that gives all to its own keeps its values bit for
        bit. What was not sent cannot be mixed: merges of single values leave its weight with the receiver, or with
        those that sent it, and say which; what nobody sent a device keeps as it has it. ValueError for messages that
        carry less than their sender has, where the merge needs them whole.
        """
        if self.whole_adapters:
            self._check_whole(own, sent)
        alone = (weights.diagonal() == 1)[:, None]
        rows, weights = with_own(self._trained(own), sent, weights)
        mixed, state = self._mix(own, rows, weights, mean, state)
        mixed[:, self.layout.head] = self._head(own, rows, weights, mean)
        mixed = mixed.masked_fill(~self.layout.columns(own.a, own.b), 0.0)
        return torch.where(alone, own.values, mixed), state

    def _trained(self, own: Adapters) -> Adapters:
        """What a device would send of its own: without a factor that stays as it began."""
        if self.trains == "AB":
            return own
        a, b = (
            has if factor in self.trains else torch.zeros_like(has)
            for factor, has in zip("AB", (own.a, own.b), strict=True)
        )
        return Adapters(own.values, a, b).masked(self.layout)

    def _check_whole(self, own: Adapters, sent: Adapters) -> None:
        if not (torch.equal(sent.a, sent.b) and torch.equal(sent.a[: len(own.a)], own.a)):
            raise ValueError(
                f"{self.title} multiplies the factors of every message, or fills up what a sender lacks: it cannot mix "
                "messages that carry a part of their sender's components, or one factor of them alone."
            )

    @abstractmethod
    def _mix(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean, state: State) -> tuple[Tensor, State]:
        """As `mix`, of the factors alone; what it puts in other columns does not count. Row i < devices of `sent` is
        here the device's own, as the device has it (`with_own`), of the factors that are trained."""

    def _head(self, own: Adapters, sent: Adapters, weights: Tensor, mean: Mean) -> Tensor:
        """Of the parameters that are trained whole, which all devices have."""
        columns = self.layout.head
        return mean(sent.values[:, columns], weights, "head") if self.layout.whole else own.values[:, columns]
