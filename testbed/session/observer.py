"""What a session tells while it goes on; the command line draws its progress from it."""

from typing import TYPE_CHECKING

from testbed.exchange import Exchange
from testbed.network import Medium, Network
from testbed.session.stopwatch import Stopwatch

if TYPE_CHECKING:
    from testbed.session.barrier import Outcome
    from testbed.session.learner import Learner


class Observer:
    """Listens and does nothing; override what you want to hear."""

    def started(self, learner: "Learner | None", network: Network | Medium, round_: int) -> None:
        """All is set up and `round_` comes next; no learner where only the network is recorded."""

    def noted(self, line: str) -> None:
        """Something worth a line: a warning, or where the air comes from."""

    def trained(self, outcome: "Outcome", watch: Stopwatch, events: int) -> None:
        """A round of a run is done and written; `events` of the simulator so far."""

    def recorded(self, round_: int, exchange: Exchange, events: int) -> None:
        """A round of a recording is done and written."""


class Observers(Observer):
    """Several that listen, told in their order."""

    def __init__(self, *each: Observer) -> None:
        self._each = each

    def started(self, learner: "Learner | None", network: Network | Medium, round_: int) -> None:
        for observer in self._each:
            observer.started(learner, network, round_)

    def noted(self, line: str) -> None:
        for observer in self._each:
            observer.noted(line)

    def trained(self, outcome: "Outcome", watch: Stopwatch, events: int) -> None:
        for observer in self._each:
            observer.trained(outcome, watch, events)

    def recorded(self, round_: int, exchange: Exchange, events: int) -> None:
        for observer in self._each:
            observer.recorded(round_, exchange, events)
