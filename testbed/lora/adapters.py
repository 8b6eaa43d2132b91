"""Adapters as they stand on devices, or in messages."""

from dataclasses import dataclass

import torch
from torch import Tensor

from testbed.lora.layout import Layout


@dataclass(frozen=True)
class Adapters:
    """One set of adapters a row; whoever made it has put zeros where there is no component."""

    values: Tensor
    """(rows, size) as `Layout` has them, scaling folded in."""
    a: Tensor
    """(rows, components) bool: whose rows of A are there."""
    b: Tensor
    """(rows, components) bool: whose columns of B are there."""

    def masked(self, layout: Layout) -> "Adapters":
        """The same with zeros where there is no component, so that nothing else is looked at."""
        return Adapters(self.values.masked_fill(~layout.columns(self.a, self.b), 0.0), self.a, self.b)


def with_own(own: Adapters, sent: Adapters, weights: Tensor) -> tuple[Adapters, Tensor]:
    """What each device mixes, and the weights (devices, rows) of it: the messages of others as they arrived, but its
    own adapters as it has them, whole and with all digits (our reading; only what crosses the air is rounded).

    own: of the devices. sent: messages, those of the devices first. weights (devices, messages). Where messages are
    just what the devices have, they are the rows; else the devices' own stand before them.
    """
    count = len(own.values)
    pairs = (own.values, sent.values), (own.a, sent.a), (own.b, sent.b)
    if all(torch.equal(mine, theirs[:count]) for mine, theirs in pairs):
        return sent, weights
    others = weights.clone()
    others.diagonal().zero_()
    return Adapters(*(torch.cat(pair) for pair in pairs)), torch.cat([weights.diagonal().diag(), others], 1)
