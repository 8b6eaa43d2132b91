"""What the session asks of a network, whoever answers."""

from typing import Any, Protocol

from testbed.exchange import Absences, Exchange, Outbox


class Network(Protocol):
    """`ns3` (live), `replay` (a recorded trace) or `graph` (networkx): the session cannot tell which."""

    devices: int

    @property
    def events(self) -> int:
        """Simulator events so far; 0 where nothing is simulated."""

    def describe(self) -> dict[str, Any]:
        """What a trace's header keeps about this network: kind, radio settings, versions (JSON values)."""

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences) -> Exchange:
        """Carry one round's messages. Rounds are asked for in order, each opening where the last closed.

        Nothing but these arguments and the scenario decides what comes out.
        """

    def close(self) -> None:
        """Let go of processes and files; calling it twice is harmless."""
