"""A trace as a value: what `read` gives, what importers make, and what transformations take and return."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Exchange, Outbox, Table
from testbed.trace.format import Header, LinkRows, NodeRows, edges

T = TypeVar("T", bound=Table)


@dataclass(frozen=True)
class Trace:
    """Links over time and, where it was recorded round by round, what was sent and what the air made of it."""

    header: Header
    links: LinkRows
    """All of them; those of a round are also in its Exchange."""
    nodes: NodeRows
    """All of them; likewise."""
    outboxes: tuple[Outbox, ...] = ()
    exchanges: tuple[Exchange, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError if the rounds and the tables contradict each other."""
        counts = {
            "links": len(self.links) - int(edges(self.links.round, 0)[0]),
            "nodes": len(self.nodes) - int(edges(self.nodes.round, 0)[0]),
        }
        expected = {
            "links": sum(len(exchange.links) for exchange in self.exchanges),
            "nodes": sum(len(exchange.devices) for exchange in self.exchanges),
        }
        if counts != expected or len(self.outboxes) != len(self.exchanges):
            raise ValueError(
                f"{len(self.outboxes)} outboxes and {len(self.exchanges)} exchanges with {expected} rows, "
                f"beside tables that have {counts} rows of rounds"
            )

    @classmethod
    def of_rounds(cls, header: Header, outboxes: Sequence[Outbox], exchanges: Sequence[Exchange]) -> Self:
        """A trace that is nothing but its rounds, numbered from 0."""
        links = [LinkRows.of_round(round_, exchange) for round_, exchange in enumerate(exchanges)]
        nodes = [NodeRows.of_round(round_, exchange) for round_, exchange in enumerate(exchanges)]
        return cls(header, joined(LinkRows, links), joined(NodeRows, nodes), tuple(outboxes), tuple(exchanges))

    def __len__(self) -> int:
        """How many rounds it has; none if it was imported."""
        return len(self.exchanges)

    def densities(self) -> NDArray[np.float64]:
        """Realised connectivity density of every round."""
        return np.array([exchange.density for exchange in self.exchanges])


def joined(kind: type[T], parts: Sequence[T]) -> T:
    """The rows of several tables of one kind, one after the other."""
    names = [field.name for field in fields(kind)]
    return kind.of(**{name: np.concatenate([getattr(part, name) for part in parts]) if parts else [] for name in names})
