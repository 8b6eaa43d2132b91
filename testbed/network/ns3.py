"""The `ns3` network: a live 802.11a ad-hoc network, simulated packet by packet in a worker process."""

from typing import Any

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, ONE_PAIR, Absences, Exchange, Outbox
from testbed.matching import round_seed
from testbed.network.engine import engine_info
from testbed.network.live import Live, columns
from testbed.scenario import Scenario

__all__ = ["Ns3Network", "engine_info"]


class Ns3Network(Live):
    """The live air, round by round.

    What a round does depends on its number, its opening time, the scenario, the messages and the absences, not on the
    rounds before: a fresh network goes on from any round, and two algorithms under one seed meet the same air.
    """

    def __init__(self, scenario: Scenario) -> None:
        hello_s, deadline_s = scenario.network.hello_s, scenario.run.deadlines_s()[0]
        if deadline_s <= hello_s:
            raise UserError(
                f"run.deadline_s = {deadline_s:g} is before the first message can be sent: "
                f"it should be above network.hello_s = {hello_s:g}."
            )
        self._deadline_ns, self._seed = round(deadline_s * 1e9), scenario.run.seed
        super().__init__(scenario)

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences = ALL_PRESENT) -> Exchange:
        """Carry one round's messages over the air."""
        raw = self._worker.request("round", *self._arguments(round_, opened_ns, outbox, absences))
        return self._exchange(raw, opened_ns, absences)

    def _arguments(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences) -> tuple[Any, ...]:
        _check_messages(outbox, self.devices)
        messages = outbox.src, outbox.dst, outbox.size_bytes, outbox.ready_ns, round_seed(self._seed, round_)
        deadline_ns = opened_ns + self._deadline_ns
        return round_, opened_ns, deadline_ns, self._places(round_), *messages, *columns(absences)


def _check_messages(outbox: Outbox, devices: int) -> None:
    """A round carries messages to whoever is a neighbour or a partner in it."""
    if ((outbox.dst < ONE_PAIR) | (outbox.dst > ALL_NEIGHBOURS)).any():
        raise ValueError("a round carries messages to ALL_NEIGHBOURS, A_PARTNER or ONE_PAIR")
    if len(outbox) and not (outbox.src.min() >= 0 and outbox.src.max() < devices and outbox.size_bytes.min() >= 0):
        raise ValueError("a message needs a device of the network as its source, and a size of 0 bytes or more")
