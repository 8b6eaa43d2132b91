"""Mode `local`: every device goes through its rounds by itself.

A round: train; send the model to all neighbours, in place of the last one if that is still on its way; wait until
something newer than what was mixed last has come from every neighbour, or until the deadline, counted from when
the round began; mix the latest from each neighbour; begin the next round.
"""

from dataclasses import dataclass, field

from testbed.exchange import ALL_NEIGHBOURS
from testbed.network import Medium
from testbed.session.timing.timeline import Timeline
from testbed.session.timing.values import NOTHING, Device, Due, Setting, What


@dataclass
class Rounds(Device):
    """A device, what it has heard, and whether it waits for more."""

    waiting: bool = False
    timer: int | None = None
    """The event at its deadline, while it waits."""
    own: int | None = None
    """The message that it sent last."""
    inbox: dict[int, int] = field(default_factory=dict)
    """The latest message from each source."""
    mixed: dict[int, int] = field(default_factory=dict)
    """The message from each source that it mixed last."""


class Local(Timeline[Rounds]):
    """Metropolis weights follow from the degrees that travelled: each device knows its own row of them."""

    def __init__(self, medium: Medium, setting: Setting) -> None:
        super().__init__(medium, setting, [Rounds(number) for number in range(medium.devices)])

    def trained(self, device: Rounds) -> None:
        """Send, and wait."""
        if any(self.setting.message_bytes):
            if device.own is not None:
                self.post.withdraw(device.own)
            device.own = self.send_model(device, ALL_NEIGHBOURS, trained=True)
        device.waiting = True
        self.look(device)
        ends_ns = device.began_ns + self.setting.deadlines_ns[device.number]
        if device.waiting and ends_ns > self.now_ns:
            device.timer = self.kernel.schedule(ends_ns, Due.DEADLINE, What(device.number))
        elif device.waiting:
            self.deadline(device, NOTHING)

    def arrived(self, device: Rounds, message: int) -> None:
        """Keep the latest of each source."""
        src = self.post.letters[message].src
        if src in device.inbox:
            self.post.release(device.inbox[src])
        device.inbox[src] = message
        self.look(device)

    def look(self, device: Rounds) -> None:
        """Mix if nothing more is to be waited for."""
        if device.waiting and all(
            device.inbox.get(each, -1) > device.mixed.get(each, -1) for each in self._sources(device)
        ):
            self._next(device)

    def deadline(self, device: Rounds, message: int) -> None:
        """Mix what there is."""
        self.log(device, "deadline")
        self.meters.count("deadlines", device.number)
        self._next(device)

    def left(self, device: Rounds) -> None:
        """It waits no more; what it has heard it keeps."""
        self._stop(device)

    def _sources(self, device: Rounds) -> list[int]:
        return self.neighbours(device) if any(self.setting.message_bytes) else []

    def _next(self, device: Rounds) -> None:
        self._stop(device)
        neighbours = self._sources(device)
        heard = {each: device.inbox[each] for each in neighbours if each in device.inbox}
        degrees = (len(neighbours), *(self.post.letters[message].degree for message in heard.values()))
        self.mix(device, device.own, list(heard.values()), degrees, trained=True)
        device.mixed |= heard
        self.train(device)

    def _stop(self, device: Rounds) -> None:
        device.waiting = False
        if device.timer is not None:
            self.kernel.cancel(device.timer)
        device.timer = None
