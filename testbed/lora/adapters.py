"""Adapters as they stand on devices, or in messages."""

from dataclasses import dataclass

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
