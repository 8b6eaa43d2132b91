"""The air that devices share: carrier sense, frames that overlap, and who understands which.

Each device has one frame waiting at the most. It goes on the air as 802.11's DCF has it for frames without ACK: at once
after a quiet DIFS, else after a back-off that stands still while the air is taken; another back-off follows each frame.
A device takes part in the first frame whose preamble it detects and is deaf for others until that has ended; those
disturb, and what it understands is decided by the SINR of every part of the frame.
"""

from collections.abc import Callable
from enum import IntEnum
from itertools import count

import numpy as np

from testbed.kernel import Kernel
from testbed.network.links.radio import (
    DETECTED,
    DETECTED_SINR,
    DETECTION_NS,
    DIFS_NS,
    EIFS_NS,
    ENERGY,
    PREAMBLE_NS,
    SLOT_NS,
    WINDOW,
    Radio,
    errors,
)
from testbed.network.links.snapshot import Ids, Snapshot

NOTHING = -1


class Due(IntEnum):
    """The order of what happens at one instant."""

    LINKS = 0
    RETURN = 1
    LEAVE = 2
    FRAME_ENDS = 3
    FRAME_DETECTED = 4
    ARRIVAL = 5
    TIMER = 6
    ACCESS = 7


class Frame:
    """On the air, or about to be."""

    def __init__(self, src: int, size_bytes: int, rate_bps: int) -> None:
        self.src, self.size_bytes, self.rate_bps = src, size_bytes, rate_bps
        self.number, self.ends_ns, self.broken = NOTHING, 0, False


class Air:
    """Carries the frames of `devices` devices; tells of each when it begins, and who understood it when it has ended."""

    def __init__(
        self,
        devices: int,
        links: Callable[[], Snapshot],
        radio: Radio,
        kernel: Kernel[Callable[[], None]],
        draws: np.random.Generator,
        fading_m: float | None = None,
    ) -> None:
        """`links` gives those of the present; `fading_m`: shape of a Nakagami fading, drawn for each frame and receiver."""
        self._links, self._radio, self._kernel, self._draws, self._fading_m = links, radio, kernel, draws, fading_m
        self.began: Callable[[Frame], None] = lambda frame: None
        self.understood: Callable[[Frame, list[int]], None] = lambda frame, receivers: None
        self.away = np.zeros(devices, bool)
        self.airtime_ns, self.frames = np.zeros((2, devices), np.int64)
        self._waiting: dict[int, Frame] = {}
        self._sending: dict[int, Frame] = {}
        self._deaf = np.zeros(devices, bool)
        """Sending, or away."""
        self._noise = np.zeros(devices)
        """Power of all that arrives."""
        self._heard = np.full(devices, NOTHING)
        """Number of the frame that a device takes part in."""
        self._until_ns = np.zeros(devices, np.int64)
        """When that ends."""
        self._power, self._scale, self._errors = np.zeros((3, devices))
        """Of that frame: its power, how easily it is lost, and how much of a chance that has had so far."""
        self._since_ns = np.zeros(devices, np.int64)
        """Up to when `_errors` counts."""
        self._quiet_ns = np.full(devices, kernel.now_ns)
        """From when on back-off slots count."""
        self._slots = np.zeros(devices, np.int64)
        self._numbers = count()

    def busy(self, device: int) -> bool:
        """Whether a frame waits there already, or none can be sent."""
        return device in self._waiting or bool(self.away[device])

    def send(self, frame: Frame) -> None:
        """Let it wait for the air."""
        device, now_ns = frame.src, self._kernel.now_ns
        self._waiting[device] = frame
        if self._slots[device] == 0 and (self._heard[device] != NOTHING or self._blocked(device)):
            self._slots[device] = self._draws.integers(WINDOW)
        self._await(device, max(now_ns, self._access_ns(device)))

    def leave(self, device: int) -> None:
        """Its radio is off."""
        self.away[device] = self._deaf[device] = True
        self._heard[device] = NOTHING
        self._waiting.pop(device, None)
        if device in self._sending:
            self._sending[device].broken = True

    def come(self, device: int) -> None:
        """Its radio is on."""
        self.away[device] = False
        self._deaf[device] = device in self._sending
        self._quiet_ns[device] = self._kernel.now_ns + DIFS_NS

    def _access_ns(self, device: int) -> int:
        return int(self._quiet_ns[device]) + SLOT_NS * int(self._slots[device])

    def _blocked(self, device: int) -> bool:
        """By a frame of its own or by energy that is no frame to it."""
        return device in self._sending or bool(self._noise[device] >= ENERGY)

    def _await(self, device: int, time_ns: int) -> None:
        self._kernel.schedule(time_ns, Due.ACCESS, lambda: self._access(device))

    def _access(self, device: int) -> None:
        """The device may send, unless the air was taken meanwhile."""
        if device not in self._waiting:
            return
        now_ns = self._kernel.now_ns
        if self._heard[device] != NOTHING:
            self._await(device, int(self._until_ns[device]) + DIFS_NS + SLOT_NS * int(self._slots[device]))
        elif self._blocked(device):
            ends_ns = min(each.ends_ns for each in self._sending.values()) if self._sending else now_ns
            self._quiet_ns[device] = max(int(self._quiet_ns[device]), ends_ns + DIFS_NS)
            self._await(device, self._access_ns(device))
        elif (due_ns := self._access_ns(device)) > now_ns:
            self._await(device, due_ns)
        else:
            self._begin(self._waiting.pop(device))

    def _begin(self, frame: Frame) -> None:
        now_ns, device = self._kernel.now_ns, frame.src
        duration_ns = self._radio.frame_ns(frame.size_bytes, frame.rate_bps)
        frame.number, frame.ends_ns = next(self._numbers), now_ns + duration_ns
        self._sending[device] = frame
        self._deaf[device], self._heard[device], self._slots[device] = True, NOTHING, 0
        self.frames[device] += 1
        self.airtime_ns[device] += duration_ns
        links = self._links()
        reach = links.reach(device)
        ids, power = reach.ids, reach.power
        if self._fading_m is not None:
            power = power * self._draws.gamma(self._fading_m, 1 / self._fading_m, len(power))
        self._settle(ids)
        self._noise[ids] += power
        detect = min(now_ns + DETECTION_NS, frame.ends_ns - 1)
        self._kernel.schedule(detect, Due.FRAME_DETECTED, lambda: self._detect(frame, ids, power))
        end = lambda: self._end(frame, links, power)  # noqa: E731
        self._kernel.schedule(frame.ends_ns, Due.FRAME_ENDS, end)
        self.began(frame)

    def _detect(self, frame: Frame, ids: Ids, power: np.ndarray) -> None:  # type: ignore[type-arg]
        """Those that can take part in the frame from here on."""
        now_ns = self._kernel.now_ns
        free = (power >= DETECTED) & (self._heard[ids] == NOTHING) & ~self._deaf[ids]
        free &= power >= DETECTED_SINR * (1 + self._noise[ids] - power)
        who = ids[free]
        self._heard[who], self._until_ns[who] = frame.number, frame.ends_ns
        self._power[who], self._errors[who] = power[free], 0.0
        self._scale[who] = self._radio.error_scale(frame.rate_bps)
        self._since_ns[who] = min(now_ns - DETECTION_NS + PREAMBLE_NS, frame.ends_ns)
        counted = (now_ns - self._quiet_ns[who]) // SLOT_NS
        self._slots[who] -= np.minimum(np.maximum(counted, 0), self._slots[who])

    def _settle(self, ids: Ids) -> None:
        """Count the chance of errors up to now, since what arrives at these devices is about to change."""
        who = ids[self._heard[ids] != NOTHING]
        if len(who):
            now_ns, since = self._kernel.now_ns, self._since_ns[who]
            sinr = self._power[who] / (1 + np.maximum(self._noise[who] - self._power[who], 0))
            self._errors[who] += errors(sinr, np.maximum(now_ns - since, 0), self._scale[who])
            self._since_ns[who] = np.maximum(since, now_ns)

    def _end(self, frame: Frame, links: Snapshot, power: np.ndarray) -> None:  # type: ignore[type-arg]
        now_ns, device = self._kernel.now_ns, frame.src
        ids, _, delivery = links.reach(device)
        self._settle(ids)
        self._noise[ids] -= power
        part = self._heard[ids] == frame.number
        who = ids[part]
        fine = self._draws.random(len(who)) < np.exp(-self._errors[who]) * delivery[part]
        if frame.broken:
            fine[:] = False
        elif links is not (present := self._links()):
            fine &= np.isin(who, present.reach(device).ids)
        self._heard[who] = NOTHING
        self._quiet_ns[who] = now_ns + np.where(fine, DIFS_NS, EIFS_NS)
        del self._sending[device]
        if not self._sending:
            self._noise[:] = 0.0  # nothing is left but what rounding has left
        self._deaf[device] = self.away[device]
        self._slots[device], self._quiet_ns[device] = self._draws.integers(WINDOW), now_ns + DIFS_NS
        self.understood(frame, who[fine].tolist())
