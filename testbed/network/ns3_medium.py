"""The `ns3` medium: the live air without rounds, message by message.

After the hello phase, which is that of a round, every device sends one hello each `network.beacon_s`. The world goes
on without a break from the first instant to the last, so that a run that is resumed simulates it from its start.
"""

from testbed.exchange import ALL_NEIGHBOURS, Absences, Exchange
from testbed.network.live import Live, columns
from testbed.network.medium import Ended, nothing
from testbed.scenario import Scenario


class Ns3Medium(Live):
    """802.11a radios on which messages are sent whenever there are some. Raises UserError as `Live`."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.now_ns, self._opened_ns = 0, 0
        self._absences = Absences.none()
        try:
            self._worker.request("begin", self._places(0))
        except BaseException:
            self.close()
            raise

    def neighbours(self, device: int) -> list[int]:
        """Devices that hear it and are heard by it."""
        return list(self._worker.request("neighbours", device))

    def send(self, message: int, src: int, dst: int, size_bytes: int) -> list[int]:
        """Hand the message to its source's transport."""
        self._check(src, dst, size_bytes)
        return list(self._worker.request("send", message, src, dst, size_bytes))

    def cancel(self, message: int) -> None:
        """Nothing more of it is put on the air, but for a frame that its MAC already has."""
        self._worker.request("cancel", message)

    def advance(self, until_ns: int) -> list[Ended]:
        """Simulate up to the next instant at which deliveries end."""
        if until_ns < self.now_ns:
            raise ValueError(f"the medium is at {self.now_ns} ns: it cannot go back to {until_ns} ns")
        self.now_ns, self._events, ended = self._worker.request("advance", until_ns)
        return [Ended(*each) for each in ended]

    def turn(self, number: int, absences: Absences) -> Exchange:
        """Close a period; the next has the positions of its number, where devices do not move by themselves."""
        raw = self._worker.request("turn", self._places(number), *columns(absences))
        exchange = self._exchange(raw, self._opened_ns, self._absences)
        self._opened_ns, self._absences = self.now_ns, absences
        return exchange if number > 0 else nothing(self.devices)

    def _check(self, src: int, dst: int, size_bytes: int) -> None:
        devices = range(self.devices)
        fine = src in devices and (dst == ALL_NEIGHBOURS or (dst in devices and dst != src)) and size_bytes >= 0
        if not fine:
            raise ValueError(
                f"a message of {size_bytes} bytes from {src} to {dst}: it needs two devices of the network, or "
                "ALL_NEIGHBOURS, and a size of 0 bytes or more"
            )
