"""The messages of the event-driven modes: sent, under way, held by those who will mix them, and gone."""

from typing import NamedTuple

from testbed.exchange import Outbox
from testbed.network import Medium


class Letter(NamedTuple):
    """What its receivers know of a message."""

    src: int
    size_bytes: int
    sent_ns: int
    degree: int
    """How many neighbours the sender had."""
    steps: int
    """How many steps the sender had done."""
    meeting: int
    """The request that began the meeting which this belongs to; its own number for a request."""


class Post:
    """Numbers messages, hands them to the medium, and says which of them nobody needs any more.

    A message is kept while it is under way to anybody, and while anybody holds it.
    """

    def __init__(self, medium: Medium) -> None:
        self.letters: dict[int, Letter] = {}
        self._medium = medium
        self._next = 0
        self._under_way: dict[int, set[int]] = {}
        self._held: dict[int, int] = {}
        self._sent: list[tuple[int, int, int, int]] = []
        self._gone: list[int] = []

    def send(self, dst: int, letter: Letter) -> int:
        """The number of the message, which is on its way now; a meeting below 0 stands for this number."""
        number, self._next = self._next, self._next + 1
        self.letters[number] = letter if letter.meeting >= 0 else letter._replace(meeting=number)
        self._under_way[number] = set(self._medium.send(number, letter.src, dst, letter.size_bytes))
        self._sent.append((letter.src, dst, letter.size_bytes, letter.sent_ns))
        self._sweep(number)
        return number

    def ended(self, message: int, dst: int, arrived: bool) -> bool:
        """A delivery is over; whether there is something to take in hand. If so, `release` it afterwards."""
        if dst not in self._under_way.get(message, ()):
            return False
        if arrived:
            self.hold(message)
        self._under_way[message].remove(dst)
        self._sweep(message)
        return arrived

    def withdraw(self, message: int) -> None:
        """What of it has not arrived is not to."""
        if self._under_way.get(message):
            self._medium.cancel(message)
            self._under_way[message].clear()
            self._sweep(message)

    def hold(self, message: int) -> None:
        """Keep it until it is released as often as held."""
        self._held[message] = self._held.get(message, 0) + 1

    def release(self, message: int) -> None:
        """One holder less."""
        self._held[message] -= 1
        self._sweep(message)

    def outbox(self) -> Outbox:
        """What was sent since the last call, in order."""
        sent, self._sent = self._sent, []
        src, dst, size_bytes, ready_ns = zip(*sent, strict=True) if sent else ((), (), (), ())
        return Outbox.of(src=src, dst=dst, size_bytes=size_bytes, ready_ns=ready_ns)

    def gone(self) -> list[int]:
        """What nobody needs any more, since the last call."""
        gone, self._gone = self._gone, []
        return gone

    def _sweep(self, message: int) -> None:
        if not self._under_way.get(message) and not self._held.get(message):
            self._under_way.pop(message, None)
            self._held.pop(message, None)
            del self.letters[message]
            self._gone.append(message)
