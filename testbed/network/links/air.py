"""The air that devices share: carrier sense, frames that overlap, and who understands which.

Each device has one frame waiting at the most. It goes on the air as 802.11's DCF has it for frames without ACK: at once
after a quiet DIFS, else after a back-off that stands still while the air is taken; another back-off follows each frame.
A device takes part in the first frame whose preamble it detects and is deaf for others until that has ended; those
disturb, and what it understands is decided by the SINR of every part of the frame. The air is taken for it while it
takes part in a frame, or while all that it notices adds up to what a frame is detected with.
"""

from collections import deque
from collections.abc import Callable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from testbed.kernel import Kernel
from testbed.network.links.frame import Frame
from testbed.network.links.radio import (
    DETECTED,
    DETECTED_SINR,
    DETECTION_NS,
    DIFS_NS,
    EIFS_NS,
    SLOT_NS,
    WINDOW,
    Radio,
)
from testbed.network.links.snapshot import Ids, Snapshot

FAR_NS = 1 << 62


class Due(IntEnum):
    """The order of what happens at one instant."""

    LINKS = 0
    RETURN = 1
    LEAVE = 2
    FRAME_ENDS = 3
    ARRIVAL = 4
    TIMER = 5
    ACCESS = 6


class Waiting:
    """A frame that waits for the air."""

    def __init__(self, frame: Frame, slots: int) -> None:
        self.frame, self.slots, self.taken = frame, slots, False


class Air:
    """Carries the frames of all devices; tells of each when it begins, and who understood it when it has ended."""

    def __init__(
        self,
        devices: int,
        links: Callable[[], Snapshot],
        radio: Radio,
        kernel: Kernel[Callable[[], None]],
        draws: np.random.Generator,
        fading_m: float | None = None,
    ) -> None:
        """`links` gives those of the present; `fading_m`: shape of a Nakagami fading of each frame and receiver."""
        self._links, self._radio, self._kernel, self._draws, self._fading_m = links, radio, kernel, draws, fading_m
        self.began: Callable[[Frame], None] = lambda frame: None
        self.understood: Callable[[Frame, list[int]], None] = lambda frame, receivers: None
        self.away = [False] * devices
        self.airtime_ns, self.frames = np.zeros((2, devices), np.int64)
        self._waiting: dict[int, Waiting] = {}
        self._sending: dict[int, Frame] = {}
        self._undetected: deque[Frame] = deque()
        """Those that began a moment ago, in their order."""
        self._taken_ns = np.zeros(devices, np.int64)
        """Until when a device sends, takes part in a frame, or is away."""
        self._quiet_ns = np.full(devices, kernel.now_ns)
        """From when on back-off slots count, as far as the frames that a device sent or took part in tell."""
        self._rested_ns = [0] * devices
        """When the back-off after its own last frame has passed."""

    def busy(self, device: int) -> bool:
        """Whether a frame waits there already, or none can be sent."""
        return device in self._waiting or self.away[device]

    def send(self, frame: Frame) -> None:
        """Let it wait for the air."""
        device, now_ns = frame.src, self._kernel.now_ns
        self._detect(now_ns)
        slots = max(0, -(-(self._rested_ns[device] - now_ns) // SLOT_NS))
        waiting = self._waiting[device] = Waiting(frame, slots)
        waiting.taken = self._taken(device, now_ns)
        if not waiting.taken:
            self._await(device)
        elif slots == 0:
            waiting.slots = self._back_off()

    def leave(self, device: int) -> None:
        """Its radio is off."""
        self._detect(self._kernel.now_ns)
        self.away[device] = True
        self._taken_ns[device] = FAR_NS
        self._waiting.pop(device, None)
        if device in self._sending:
            self._sending[device].broken = True

    def come(self, device: int) -> None:
        """Its radio is on."""
        now_ns = self._kernel.now_ns
        self._detect(now_ns)
        self.away[device] = False
        self._taken_ns[device] = self._sending[device].ends_ns if device in self._sending else now_ns
        self._quiet_ns[device] = now_ns + DIFS_NS

    def _back_off(self) -> int:
        return int(self._draws.random() * WINDOW)

    def _taken(self, device: int, now_ns: int) -> bool:
        """Whether it finds the air taken; what began in the last moment it does not know of."""
        if self._taken_ns[device] > now_ns:
            return True
        known = (each.row[device] for each in self._sending.values() if each.begins_ns + DETECTION_NS <= now_ns)
        return bool(sum(known) >= DETECTED)

    def _await(self, device: int) -> None:
        """The air is quiet for the device: it may send when its slots have passed."""
        waiting, now_ns = self._waiting[device], self._kernel.now_ns
        due_ns = int(self._quiet_ns[device]) + SLOT_NS * waiting.slots
        if due_ns <= now_ns:
            self._begin(waiting.frame)
        else:
            self._kernel.schedule(due_ns, Due.ACCESS, lambda: self._access(device, waiting))

    def _access(self, device: int, waiting: Waiting) -> None:
        """Its slots have passed, unless they stood still meanwhile."""
        now_ns = self._kernel.now_ns
        self._detect(now_ns)
        due_ns = int(self._quiet_ns[device]) + SLOT_NS * waiting.slots
        if self._waiting.get(device) is waiting and not waiting.taken and due_ns <= now_ns:
            self._begin(waiting.frame)

    def _begin(self, frame: Frame) -> None:
        now_ns, device, links = self._kernel.now_ns, frame.src, self._links()
        del self._waiting[device]
        duration_ns = self._radio.frame_ns(frame.size_bytes, frame.rate_bps)
        frame.begins_ns, frame.ends_ns = now_ns, now_ns + duration_ns
        frame.reach, frame.row = links.reach(device), links.row(device)
        if self._fading_m is not None:
            frame.row = frame.row * self._draws.gamma(self._fading_m, 1 / self._fading_m, len(frame.row))
        for rival in self._sending.values():
            rival.rivals.append(frame)
            frame.rivals.append(rival)
        self._sending[device] = frame
        self._undetected.append(frame)
        self._taken_ns[device] = frame.ends_ns
        self.frames[device] += 1
        self.airtime_ns[device] += duration_ns
        self._kernel.schedule(frame.ends_ns, Due.FRAME_ENDS, lambda: self._end(frame, links))
        self.began(frame)

    def _detect(self, now_ns: int) -> None:
        """Bring up to date who takes part in which frame."""
        while self._undetected:
            frame = self._undetected[0]
            detected_ns = min(frame.begins_ns + DETECTION_NS, frame.ends_ns - 1)
            if detected_ns > now_ns:
                return
            self._undetected.popleft()
            frame.who = self._free(frame, frame.reach.near if self._fading_m is None else frame.reach.ids, detected_ns)
            self._taken_ns[frame.who] = frame.ends_ns
            for device, waiting in self._waiting.items():
                if not waiting.taken and self._taken(device, detected_ns):
                    counted = (detected_ns - int(self._quiet_ns[device])) // SLOT_NS
                    waiting.slots -= min(max(counted, 0), waiting.slots)
                    waiting.taken = True

    def _free(self, frame: Frame, ids: Ids, now_ns: int) -> Ids:
        """Those of `ids` that can take part in the frame."""
        free = self._taken_ns[ids] <= now_ns
        if frame.rivals:
            power = frame.row[ids]
            noise = 1 + sum(rival.row[ids] for rival in frame.rivals if rival.ends_ns > now_ns)
            free &= power >= DETECTED_SINR * noise
        if self._fading_m is not None:
            free &= frame.row[ids] >= DETECTED
        return ids[free]

    def _end(self, frame: Frame, links: Snapshot) -> None:
        now_ns, device = self._kernel.now_ns, frame.src
        self._detect(now_ns)
        del self._sending[device]
        who, fine = frame.who, self._fine(frame, links)
        self._quiet_ns[who] = now_ns + DIFS_NS
        if fine is not None:
            self._quiet_ns[who[~fine]] = now_ns + EIFS_NS
            who = who[fine]
        frame.rivals.clear()
        self._quiet_ns[device] = now_ns + DIFS_NS
        slots = self._back_off()
        self._rested_ns[device] = now_ns + DIFS_NS + SLOT_NS * slots
        if device in self._waiting:
            self._waiting[device].slots = slots
        self._release(now_ns)
        self.understood(frame, who.tolist())

    def _release(self, now_ns: int) -> None:
        """A frame has ended: those that wait and find the air quiet count their slots."""
        for device, waiting in self._waiting.items():
            if waiting.taken and not self._taken(device, now_ns):
                waiting.taken = False
                self._quiet_ns[device] = max(int(self._quiet_ns[device]), now_ns + DIFS_NS)
                self._await(device)

    def _fine(self, frame: Frame, links: Snapshot) -> NDArray[np.bool_] | None:
        """Which of those that took part have understood it; None: all."""
        who, radio = frame.who, self._radio
        fine = self._taken_ns[who] == frame.ends_ns
        present = self._links()
        if present is not links:
            fine &= present.row(frame.src)[who] > 0
        if frame.broken:
            fine[:] = False
        if not frame.rivals and frame.reach.sure and radio.reliable(frame.rate_bps) and self._fading_m is None:
            return None if fine.all() else fine
        chance = np.exp(-frame.errors(radio.error_scale(frame.rate_bps))) * links.delivery(frame.src)[who]
        return np.asarray(fine & (self._draws.random(len(who)) < chance))
