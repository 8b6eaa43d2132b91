"""Mode `async`: no rounds; devices train all the time, and meet in pairs.

After Lian et al., "Asynchronous Decentralized Parallel Stochastic Gradient Descent" (AD-PSGD), ICML 2018: a
device takes the updates of a training, which were computed on the model that it had when the training began, and
averages its model with that of a random neighbour, who goes on training meanwhile. Here the average takes
messages: a request; the neighbour's model, or that it is busy; the model of the one who asked. Whoever waits does
so until its deadline at most, so nobody waits for ever.
"""

from dataclasses import dataclass, field

from testbed.exchange import HEADER_BYTES
from testbed.network import Medium
from testbed.seeds import Purpose, generator
from testbed.session.timing.timeline import Timeline
from testbed.session.timing.values import Device, Due, Setting, What


@dataclass
class Meeting:
    """What a device waits for, and until when."""

    peer: int
    request: int
    """The message that asked for the meeting, by which both know it."""
    sent: int
    """The message that waits for an answer: the request, or the reply to it."""
    ends_ns: int
    timer: int
    """The event at that deadline."""


@dataclass
class Mixer(Device):
    """A device, and whom it meets. While it asks it does not train; while it is asked it does."""

    mixes: int = 0
    """Mixings since its training began."""
    draws: int = 0
    """How often it has drawn a neighbour."""
    tried: set[int] = field(default_factory=set)
    """Neighbours that it has drawn since its last training."""
    asks: Meeting | None = None
    asked: Meeting | None = None


class Pairs(Timeline[Mixer]):
    """Both mix with weights 1/2: the one who asked at once, its peer when the message has come."""

    def __init__(self, medium: Medium, setting: Setting) -> None:
        super().__init__(medium, setting, [Mixer(number) for number in range(medium.devices)])

    def train(self, device: Mixer) -> None:
        """Train on, with nobody to ask."""
        device.mixes = 0
        super().train(device)

    def trained(self, device: Mixer) -> None:
        """Take the updates; then meet somebody, or train on."""
        self.meters.sample("staleness", device.number, device.mixes)
        self.mix(device, None, [], None, trained=True)
        device.tried.clear()
        self._ask(device, self._ends_ns(device))

    def arrived(self, device: Mixer, message: int) -> None:
        """A request, or what one has led to; if that comes too late it counts for nothing."""
        meeting = self.post.letters[message].meeting
        if meeting == message:
            self._answer(device, message)
        elif device.asks is not None and device.asks.request == meeting:
            self._hear(device, device.asks, message)
        elif device.asked is not None and device.asked.request == meeting:
            self.kernel.cancel(device.asked.timer)
            device.asked = None
            device.mixes += 1
            self.mix(device, None, [message], None, trained=False)
        self.post.release(message)

    def deadline(self, device: Mixer, message: int) -> None:
        """A message of the device is not to arrive any more; nor does it wait for the answer."""
        self.post.withdraw(message)
        if device.asks is not None and device.asks.sent == message:
            self._give_up(device, device.asks)
            device.asks = None
            self.train(device)
        elif device.asked is not None and device.asked.sent == message:
            self._give_up(device, device.asked)
            device.asked = None

    def left(self, device: Mixer) -> None:
        """No meeting outlasts it; who waits for it does so until the deadline."""
        for meeting in (device.asks, device.asked):
            if meeting is not None:
                self.kernel.cancel(meeting.timer)
        device.asks = device.asked = None

    def _ask(self, device: Mixer, ends_ns: int) -> None:
        """Ask a neighbour that was not asked before; train on if there is none, or if it is asked itself."""
        peer = self._draw(device) if any(self.setting.message_bytes) and device.asked is None else None
        if peer is None:
            self.train(device)
        else:
            request = self.send(device, peer, "ask", HEADER_BYTES)
            device.asks = self._wait(device, peer, request, request, ends_ns)

    def _draw(self, device: Mixer) -> int | None:
        """A neighbour that hears the device too, as hellos tell it; uniformly among those that are left."""
        left = [each for each in self.neighbours(device) if each not in device.tried]
        while left:
            draw = generator(self.setting.seed, Purpose.MEETINGS, device.number, device.draws)
            peer = left.pop(int(draw.integers(len(left))))
            device.draws += 1
            device.tried.add(peer)
            if device.number in self.neighbours(self.devices[peer]):
                return peer
        return None

    def _answer(self, device: Mixer, request: int) -> None:
        """With the model, or that it is busy: asked already.

        That it asks somebody itself does not make it busy: devices that ask at the same time would refuse each other,
        and equal ones for ever.
        """
        peer, ends_ns = self.post.letters[request].src, self._ends_ns(device)
        if device.asked is None:
            reply = self.send_model(device, peer, trained=False, meeting=request)
            device.asked = self._wait(device, peer, request, reply, ends_ns)
        else:
            self._timer(device, self.send(device, peer, "busy", HEADER_BYTES, request), ends_ns)

    def _hear(self, device: Mixer, meeting: Meeting, answer: int) -> None:
        """The answer to a request: a model to mix, or a refusal."""
        self.kernel.cancel(meeting.timer)
        device.asks = None
        if self.post.letters[answer].size_bytes == HEADER_BYTES:
            self.meters.count("refusals", device.number)
            self._ask(device, meeting.ends_ns)
        else:
            own = self.send_model(device, meeting.peer, trained=False, meeting=meeting.request)
            self._timer(device, own, self._ends_ns(device))
            self.mix(device, None, [answer], None, trained=False)
            self.train(device)

    def _give_up(self, device: Mixer, meeting: Meeting) -> None:
        self.log(device, "deadline", meeting.peer, meeting.sent)
        self.meters.count("deadlines", device.number)

    def _ends_ns(self, device: Mixer) -> int:
        return self.now_ns + self.setting.deadlines_ns[device.number]

    def _wait(self, device: Mixer, peer: int, request: int, sent: int, ends_ns: int) -> Meeting:
        return Meeting(peer, request, sent, ends_ns, self._timer(device, sent, ends_ns))

    def _timer(self, device: Mixer, message: int, ends_ns: int) -> int:
        return self.kernel.schedule(ends_ns, Due.DEADLINE, What(device.number, message))
