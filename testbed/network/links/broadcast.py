"""What is sent for a message, as the live `broadcast` has it: paced frames of a rateless code, until all are done.

`docs/transports.md` describes it. Here as there a source sends frame after frame, at exponential gaps, until all it
serves have said that they are done: in the receipts of their own data frames or, when they find their name in one of
its frames, in a frame for that alone. With repair `none` every frame goes once.
"""

from collections.abc import Callable

import numpy as np

from testbed.exchange import NEVER, Cause
from testbed.kernel import Kernel
from testbed.network.links.air import Air, Due
from testbed.network.links.frame import Frame
from testbed.network.links.parcels import Delivery, Parcel, Receipt
from testbed.network.links.radio import ACCESS_NS, Radio
from testbed.network.links.snapshot import Snapshot
from testbed.network.links.stations import FIXED_BYTES, LARGEST_BYTES, RECEIPT_BYTES, RECEIPTS, Kind, Packet, Station
from testbed.scenario.schema import Network as Settings

SETTLED_NS = 16_000
"""After its last frame nothing of a message is under way."""


class Broadcast:
    """The transport of all devices.

    `ended` is told of every delivery that is over, `stuck` when a source has no link to any that it waits for: it goes
    on when `relink` says that there are others.
    """

    def __init__(
        self,
        air: Air,
        links: Callable[[], Snapshot],
        radio: Radio,
        settings: Settings,
        kernel: Kernel[Callable[[], None]],
        draws: np.random.Generator,
    ) -> None:
        self._air, self._links, self._radio, self._kernel, self._draws = air, links, radio, kernel, draws
        self.ended: Callable[[Parcel, int, Delivery], None] = lambda parcel, dst, delivery: None
        self.stuck: Callable[[], None] = lambda: None
        self._payload_bytes, self._load = settings.payload_bytes, settings.load
        self._repairs = settings.repair != "none"
        self._stations = [Station() for _ in air.away]
        air.began, air.understood = self._began, self._understood

    def carry(self, parcel: Parcel) -> None:
        """Send it behind the earlier ones of its source. From or to a device that is away it is over at once."""
        if not parcel.to:
            return
        station = self._stations[parcel.src]
        station.queue.append(parcel)
        if len(station.queue) == 1:
            self._start(parcel.src)
        for dst in parcel.to:
            if self._air.away[parcel.src] or self._air.away[dst]:
                self._end(parcel, dst, Cause.AWAY)

    def cancel(self, parcel: Parcel) -> None:
        """What of it has not arrived never will."""
        for dst in parcel.to:
            self._end(parcel, dst, Cause.SUPERSEDED)

    def rest(self) -> None:
        """An exchange is over: nothing more is sent of it, whether or not its sources know that all has arrived."""
        for device, station in enumerate(self._stations):
            for event in (station.data, station.answer):
                if event is not None:
                    self._kernel.cancel(event)
            self._stations[device] = Station()

    def leave(self, device: int) -> None:
        """It is away from now on: what comes from it or goes to it is over."""
        if (answer := self._stations[device].answer) is not None:
            self._kernel.cancel(answer)
            self._stations[device].answer = None
        for parcel in [parcel for station in self._stations for parcel in station.queue]:
            for dst in parcel.to:
                if device in (parcel.src, dst):
                    self._end(parcel, dst, Cause.AWAY)

    def relink(self) -> None:
        """Other links hold: those that waited for one may go on."""
        for device, station in enumerate(self._stations):
            if self._repairs and station.queue and station.data is None:
                self._schedule(device)

    def _start(self, device: int) -> None:
        station = self._stations[device]
        parcel = station.queue[0]
        station.waiting = [dst for dst, delivery in parcel.to.items() if delivery.open]
        station.needed, station.sent = parcel.frames(self._payload_bytes), 0
        self._schedule(device)

    def _finish(self, device: int) -> None:
        station = self._stations[device]
        station.queue.popleft()
        if station.data is not None:
            self._kernel.cancel(station.data)
        station.data, station.waiting = None, []
        if station.queue:
            self._start(device)

    def _end(self, parcel: Parcel, dst: int, cause: Cause) -> None:
        """The delivery is over, unless it was before; in both cases nothing more is to be sent for it."""
        delivery = parcel.to[dst]
        if delivery.open:
            delivery.open, delivery.cause = False, cause
            delivery.arrived_ns = self._kernel.now_ns if cause == Cause.ARRIVED else NEVER
            self.ended(parcel, dst, delivery)
        queue = self._stations[parcel.src].queue
        if cause == Cause.ARRIVED or parcel not in queue:
            return
        if queue[0] is parcel:
            self._done(parcel.src, dst)
        elif not any(each.open for each in parcel.to.values()):
            queue.remove(parcel)

    def _done(self, device: int, receiver: int) -> None:
        station = self._stations[device]
        if receiver in station.waiting:
            station.waiting.remove(receiver)
            if not station.waiting:
                self._finish(device)

    def _gap_ns(self, device: int, size_bytes: int) -> int:
        """Exponential: the devices within two hops offer `load` between them."""
        links = self._links()
        frame_ns = ACCESS_NS + self._radio.frame_ns(size_bytes, links.rate_bps(device))
        return 1 + int(self._draws.standard_exponential() * links.crowd(device) * frame_ns / self._load)

    def _schedule(self, device: int) -> None:
        """Its next data frame."""
        station = self._stations[device]
        size_bytes = FIXED_BYTES + station.queue[0].frame_bytes(0, self._payload_bytes)
        due_ns = self._kernel.now_ns + self._gap_ns(device, size_bytes)
        station.data = self._kernel.schedule(due_ns, Due.TIMER, lambda: self._slot(device))

    def _slot(self, device: int) -> None:
        station = self._stations[device]
        station.data = None
        if not station.waiting:
            self._finish(device)
            return
        if self._repairs and not self._within_reach(device):
            return
        if not self._air.busy(device):
            self._send_data(device)
        if self._repairs or station.sent < station.needed:
            self._schedule(device)

    def _within_reach(self, device: int) -> bool:
        """Whether there is a link to any that it waits for. Where there is none and all have it, it has been told."""
        station = self._stations[device]
        if not self._links().receivers(device).keys().isdisjoint(station.waiting):
            return True
        parcel = station.queue[0]
        if not any(parcel.to[dst].open for dst in station.waiting):
            self._finish(device)
        else:
            self.stuck()
        return False

    def _send_data(self, device: int) -> None:
        station = self._stations[device]
        parcel, body = station.queue[0], station.queue[0].frame_bytes(station.sent, self._payload_bytes)
        station.sent += 1
        receipts: list[Receipt] = []
        if self._repairs:
            receipts = station.incoming.latest(RECEIPTS)
            if station.answer is not None and station.incoming.told == len(station.incoming.whole):
                self._kernel.cancel(station.answer)
                station.answer = None
        names = station.some_waiting() if self._repairs else []
        rate_bps = self._links().rate_bps(device)
        self._air.send(Packet(Kind.DATA, parcel, receipts, names, body, device, rate_bps))

    def _began(self, frame: Frame) -> None:
        assert isinstance(frame, Packet)
        station, parcel = self._stations[frame.src], frame.parcel
        if parcel is None or not station.queue or station.queue[0] is not parcel:
            return
        for delivery in parcel.to.values():
            delivery.frames += 1
            if delivery.started_ns == NEVER:
                delivery.started_ns = self._kernel.now_ns
        if not self._repairs and station.sent == station.needed:
            latency_ns = max((self._latency_ns(frame.src, dst) for dst in parcel.to), default=0)
            after_ns = frame.ends_ns + latency_ns + SETTLED_NS
            station.data = self._kernel.schedule(after_ns, Due.TIMER, lambda: self._lost(parcel))

    def _lost(self, parcel: Parcel) -> None:
        """Its last frame has left the air, and nothing is repaired."""
        for dst in parcel.to:
            self._end(parcel, dst, Cause.FRAMES_LOST)
        queue = self._stations[parcel.src].queue
        if queue and queue[0] is parcel:
            self._finish(parcel.src)

    def _understood(self, frame: Frame, receivers: list[int]) -> None:
        assert isinstance(frame, Packet)
        there = set(receivers)
        if frame.parcel is not None:
            self._take_data(frame, frame.parcel, receivers)
        for source, number in frame.receipts:
            queue = self._stations[source].queue
            if source in there and queue and queue[0].number == number:
                self._done(source, frame.src)
        for device in frame.names:
            if device in there and frame.parcel is not None:
                self._answer_if_whole(device, frame.parcel)

    def _take_data(self, frame: Packet, parcel: Parcel, receivers: list[int]) -> None:
        station = self._stations[frame.src]
        if not station.queue or station.queue[0] is not parcel:
            return
        needed = station.needed
        for device in receivers:
            delivery = parcel.to.get(device)
            if delivery is not None and delivery.open:
                delivery.got += 1
                if delivery.got == needed:
                    self._arrive(parcel, device)

    def _latency_ns(self, src: int, dst: int) -> int:
        return self._links().receivers(src).get(dst, 0)

    def _arrive(self, parcel: Parcel, device: int) -> None:
        """The message is whole; at once, or after the latency of the link."""
        if latency_ns := self._latency_ns(parcel.src, device):
            due_ns = self._kernel.now_ns + latency_ns
            self._kernel.schedule(due_ns, Due.ARRIVAL, lambda: self._arrived(parcel, device))
        else:
            self._arrived(parcel, device)

    def _arrived(self, parcel: Parcel, device: int) -> None:
        if not parcel.to[device].open:
            return
        self._stations[device].incoming.tell((parcel.src, parcel.number))
        self._end(parcel, device, Cause.ARRIVED)
        queue = self._stations[parcel.src].queue
        if parcel.src not in self._links().receivers(device) and queue and queue[0] is parcel:
            self._done(parcel.src, device)  # no link leads back: its source is known to learn of it

    def _answer_if_whole(self, device: int, parcel: Parcel) -> None:
        delivery, queue = parcel.to.get(device), self._stations[parcel.src].queue
        if delivery is None or delivery.cause != Cause.ARRIVED or not queue or queue[0] is not parcel:
            return
        if parcel.src in self._links().receivers(device):
            self._stations[device].incoming.tell((parcel.src, parcel.number))
            self._schedule_answer(device)

    def _schedule_answer(self, device: int) -> None:
        station = self._stations[device]
        if station.answer is None:
            size_bytes = FIXED_BYTES + RECEIPT_BYTES * len(station.incoming.whole)
            due_ns = self._kernel.now_ns + self._gap_ns(device, size_bytes)
            station.answer = self._kernel.schedule(due_ns, Due.TIMER, lambda: self._answer(device))

    def _answer(self, device: int) -> None:
        """Tell in a frame of its own what is whole."""
        station = self._stations[device]
        station.answer = None
        if self._air.busy(device):
            self._schedule_answer(device)
            return
        receipts = station.incoming.latest((LARGEST_BYTES - FIXED_BYTES) // RECEIPT_BYTES)
        rate_bps = self._links().rate_bps(device)
        self._air.send(Packet(Kind.DONE, None, receipts, [], 0, device, rate_bps))
        if station.incoming.told < len(station.incoming.whole):
            self._schedule_answer(device)
