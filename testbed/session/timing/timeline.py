"""What the event-driven modes share: devices on one kernel, their messages on a medium, period by period.

The two are simulated together, conservatively: the medium moves to no later than the next event of the kernel,
and what arrives on the air becomes events of that instant, before the kernel goes on.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Generic, TypeVar

from testbed.exchange import NOBODY, Absences, Sightings
from testbed.kernel import Event, Kernel
from testbed.network import Medium
from testbed.session.timing.acts import Act, Drop, Mix, Send, Train, Trained
from testbed.session.timing.meters import Meters
from testbed.session.timing.post import Letter, Post
from testbed.session.timing.values import NOTHING, Device, Due, Period, Row, Setting, What

Kind = TypeVar("Kind", bound=Device)


class Timeline(ABC, Generic[Kind]):
    """All devices from the first instant on; a mode says what they do when something is due."""

    def __init__(self, medium: Medium, setting: Setting, devices: list[Kind]) -> None:
        self.medium, self.setting, self.devices = medium, setting, devices
        self.kernel: Kernel[What] = Kernel()
        self.post = Post(medium)
        self.number = 0
        self._open()
        self.medium.turn(0, self._attend())
        for device in devices:
            self.kernel.schedule(setting.start_ns, Due.BEGIN, What(device.number))

    @abstractmethod
    def trained(self, device: Kind) -> None:
        """It has finished a local training."""

    @abstractmethod
    def arrived(self, device: Kind, message: int) -> None:
        """A message has reached it; held, and to be released."""

    @abstractmethod
    def deadline(self, device: Kind, message: int) -> None:
        """It has waited long enough."""

    @abstractmethod
    def left(self, device: Kind) -> None:
        """It has gone away: whatever it was waiting for is over."""

    def look(self, device: Kind) -> None:
        """A new period has begun, perhaps with other neighbours."""

    def period(self) -> Period:
        """Go on to the end of the next period. What is due at the end itself belongs to the one after it."""
        self._run((self.number + 1) * self.setting.period_ns)
        for device in self.devices:
            self._computed(device)
        self.number += 1
        exchange = self.medium.turn(self.number, self._attend())
        self.setting.close(exchange, self.meters.compute_ns)
        sightings = zip(*self._sightings, strict=True) if self._sightings else ((), (), ())
        exchange = replace(exchange, sightings=Sightings(*sightings))
        done = Period(self.post.outbox(), exchange, self.acts, self._events, self.meters)
        self._open()
        return done

    # What the modes do with.

    @property
    def now_ns(self) -> int:
        return self.medium.now_ns

    def log(self, device: Kind, event: str, peer: int = NOTHING, message: int = NOTHING) -> None:
        """A row of the table of events."""
        self._events.append(Row(self.now_ns, device.number, event, peer, message))

    def neighbours(self, device: Kind) -> list[int]:
        """Its neighbours right now; a change is a sighting."""
        found = self.medium.neighbours(device.number)
        if found != device.seen:
            device.seen = found
            self._sightings += [(self.now_ns, device.number, each) for each in found or [NOBODY]]
        return found

    def train(self, device: Kind) -> None:
        """Begin the next local training."""
        ends_ns = self.now_ns + self.setting.compute_ns(device.number, device.steps)
        device.began_ns, device.training = self.now_ns, self.kernel.schedule(ends_ns, Due.TRAINED, What(device.number))
        self.acts.append(Train(device.number, device.steps))
        self.log(device, "train")

    def send(self, device: Kind, dst: int, event: str, size_bytes: int, meeting: int = NOTHING) -> int:
        """Send a message; its number."""
        letter = Letter(device.number, size_bytes, self.now_ns, len(self.neighbours(device)), device.steps, meeting)
        number = self.post.send(dst, letter)
        self.log(device, event, dst, number)
        return number

    def send_model(self, device: Kind, dst: int, trained: bool, meeting: int = NOTHING) -> int:
        """Send the model, with the updates of the last training or without; the message's number."""
        number = self.send(device, dst, "send", self.setting.message_bytes[device.number], meeting)
        self.acts.append(Send(number, device.number, trained))
        return number

    def mix(
        self, device: Kind, own: int | None, heard: list[int], degrees: tuple[int, ...] | None, trained: bool
    ) -> None:
        """Mix these messages now."""
        self.acts.append(Mix(device.number, own, tuple(heard), degrees, trained))
        if heard:
            self.meters.count("mixes", device.number)
        for message in heard:
            letter = self.post.letters[message]
            self.log(device, "mix", letter.src, message)
            self.meters.sample("age_ns", device.number, self.now_ns - letter.sent_ns)
            self.meters.sample("age_steps", device.number, self.devices[letter.src].steps - letter.steps)

    # How it goes on.

    def _run(self, until_ns: int) -> None:
        while True:
            due = self.kernel.peek()
            bound = until_ns if due is None else min(due, until_ns)
            if self.now_ns < bound and self._listen(bound):
                continue
            if bound == until_ns:
                return
            self._do(self.kernel.step())
            self.acts += [Drop(message) for message in self.post.gone()]

    def _listen(self, until_ns: int) -> bool:
        """Move the medium; whether something arrived, which is due at the instant that the medium is at then."""
        ended = self.medium.advance(until_ns)
        for message, _, dst, arrived in ended:
            if self.post.ended(message, dst, arrived):
                self.kernel.schedule(self.now_ns, Due.ARRIVAL, What(dst, message))
        return self.now_ns < until_ns or bool(ended)

    def _do(self, event: Event[What]) -> None:
        device, message = self.devices[event.what.device], event.what.message
        match event.priority:
            case Due.ARRIVAL:
                self._arrive(device, message)
            case Due.DEADLINE:
                self.deadline(device, message)
            case Due.TRAINED:
                self._finish(device)
            case Due.LEAVE:
                self._leave(device)
            case Due.RETURN:
                self._return(device)
            case Due.BEGIN:
                self._begin(device)
            case _:
                self.look(device)

    def _begin(self, device: Kind) -> None:
        if not device.away and device.training is None:
            self.train(device)

    def _return(self, device: Kind) -> None:
        device.away = False
        self.log(device, "back")
        if self.now_ns >= self.setting.start_ns:
            self._begin(device)

    def _finish(self, device: Kind) -> None:
        self._computed(device)
        device.training = None
        device.steps += 1
        self.meters.count("steps", device.number)
        self.acts.append(Trained(device.number))
        self.log(device, "trained")
        self.trained(device)

    def _arrive(self, device: Kind, message: int) -> None:
        if not device.away:
            self.log(device, "arrive", self.post.letters[message].src, message)
            self.arrived(device, message)
        else:
            self.post.release(message)

    def _leave(self, device: Kind) -> None:
        """What it was computing is lost; when it is back it begins that training again."""
        self._computed(device)
        if device.training is not None:
            self.kernel.cancel(device.training)
        device.training, device.away = None, True
        self.log(device, "away")
        self.left(device)

    def _computed(self, device: Kind) -> None:
        """Count the computing of this period so far."""
        if device.training is not None:
            self.meters.compute_ns[device.number] += self.now_ns - max(device.began_ns, self._opened_ns)

    def _open(self) -> None:
        """Nothing has happened in the new period."""
        self.acts: list[Act] = []
        self._events: list[Row] = []
        self._sightings: list[tuple[int, int, int]] = []
        self._opened_ns, self.meters = self.medium.now_ns, Meters(len(self.devices))

    def _attend(self) -> Absences:
        """Let the comings and goings of the period that begins be due."""
        absences, now_ns = self.setting.absences(self.number), self.medium.now_ns
        closes_ns = now_ns + self.setting.period_ns
        gone = {device for device, from_ns, until_ns in absences.rows() if from_ns <= now_ns < until_ns}
        for device in self.devices:
            if device.away != (device.number in gone):
                self.kernel.schedule(now_ns, Due.RETURN if device.away else Due.LEAVE, What(device.number))
            self.kernel.schedule(now_ns, Due.LOOK, What(device.number))
        for number, from_ns, until_ns in absences.rows():
            for time_ns, due in ((from_ns, Due.LEAVE), (until_ns, Due.RETURN)):
                if now_ns < time_ns < closes_ns:
                    self.kernel.schedule(time_ns, due, What(number))
        return absences
