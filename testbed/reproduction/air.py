"""Airs that many cells play, and what tells them apart.

An air depends on what the devices send and when, not on what they learn: methods whose messages are of one size and go
to the same devices share it, whatever the data and the learning rate.
"""

from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from testbed.exchange import ALL_NEIGHBOURS
from testbed.scenario import Scenario
from testbed.session.learner import Workload


class Live(Protocol):
    """A cell that can be run over a live air."""

    def live(self) -> Scenario:
        """That run."""


C = TypeVar("C", bound=Live)


@dataclass(frozen=True)
class Air(Generic[C]):
    """A live air to be recorded once. `cell` is one of those that play it."""

    name: str
    cell: C
    weight: int
    """Message bytes of a round: about how long it takes to simulate."""
    kind: ClassVar[Literal["air"]] = "air"

    def scenario(self) -> Scenario:
        """No cache: these recordings are kept where they are."""
        return self.cell.live()


def sent(work: Workload) -> str:
    """For an air's name: the largest message, how many times a round it is sent, and to whom."""
    whom = "" if work.audience == ALL_NEIGHBOURS else "-partner"
    return f"{int(work.message_bytes.max())}B-x{work.exchanges}{whom}"
