"""A live network whose first rounds were simulated before: they are told again, and what comes after is simulated."""

import threading
from collections.abc import Callable
from typing import Any

from testbed.exchange import ALL_PRESENT, Absences, Exchange, Outbox
from testbed.network.base import Network
from testbed.network.engine import EngineError
from testbed.trace import Trace


class Remembered:
    """Answers with the rounds of `trace` where the same is asked for, else asks what `live` makes.

    That is made when it is first needed: a run that is remembered as a whole starts no simulator. A round depends on
    what is asked for alone, so it matters not where the trace ends.
    """

    def __init__(self, trace: Trace, live: Callable[[], Network]) -> None:
        self.devices = trace.header.nodes
        self.trace, self._make = trace, live
        self._live: Network | None = None
        self._closed, self._lock = False, threading.Lock()

    @property
    def events(self) -> int:
        """Of the simulator, in this process."""
        return self._live.events if self._live else 0

    def describe(self) -> dict[str, Any]:
        """What the live network said of itself when it was recorded."""
        return self.trace.header.network

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences = ALL_PRESENT) -> Exchange:
        """Carry one round's messages, or tell how they were carried."""
        if round_ < len(self.trace) and outbox == self.trace.outboxes[round_]:
            exchange = self.trace.exchanges[round_]
            if opened_ns == exchange.opened_ns and self._same(absences, exchange):
                return exchange
        return self._network().exchange(round_, opened_ns, outbox, absences)

    def close(self) -> None:
        """End the live network if there is one, also one that another thread is about to make."""
        with self._lock:
            self._closed = True
        if self._live:
            self._live.close()

    def _same(self, absences: Absences, exchange: Exchange) -> bool:
        away_ns = absences.within(exchange.opened_ns, exchange.closed_ns, self.devices)
        return bool((away_ns == exchange.devices.away_ns).all())

    def _network(self) -> Network:
        """The live one."""
        if self._live is None:
            live = self._make()
            with self._lock:
                self._live = live
                if self._closed:
                    live.close()
                    raise EngineError("The ns-3 engine was closed while it started.")
        return self._live
