"""The links of an instant: whom a device serves, and who notices it."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Links

Ids = NDArray[np.int64]
Array = NDArray[np.float64]


class Signals(NamedTuple):
    """Who notices whose frames, one row per pair, in no order."""

    src: Ids
    dst: Ids
    power: Array
    """Ratio to the noise."""
    delivery: Array
    """Share of the frames that get through clean air, beside what the power decides."""


class Reach(NamedTuple):
    """Who notices the frames of one device."""

    ids: Ids
    """Ascending."""
    power: Array
    delivery: Array


class Snapshot:
    """Links that hold for a while, of `devices` devices. Each look-up costs what the device has of neighbours."""

    def __init__(self, devices: int, links: Links, signals: Signals, rate_bps: int) -> None:
        """`rate_bps` is that of the links that state none."""
        self.devices, self.links = devices, links
        order = np.lexsort((signals.dst, signals.src))
        self._noticed = signals.src[order], signals.dst[order], signals.power[order], signals.delivery[order]
        chosen = np.flatnonzero(links.neighbour)
        chosen = chosen[np.lexsort((links.dst[chosen], links.src[chosen]))]
        self._src, self._dst = links.src[chosen].astype(np.int64), links.dst[chosen].astype(np.int64)
        self._rates = np.where(links.rate_bps > 0, links.rate_bps, rate_bps)[chosen]
        self._latency_ns, self._rate_bps = links.latency_ns[chosen], rate_bps
        self._reaches: dict[int, Reach] = {}
        self._receivers: dict[int, dict[int, int]] = {}
        self._crowds: dict[int, int] = {}

    def reach(self, device: int) -> Reach:
        """Who notices its frames."""
        if device not in self._reaches:
            src, dst, power, delivery = self._noticed
            first, last = np.searchsorted(src, (device, device + 1))
            self._reaches[device] = Reach(dst[first:last], power[first:last], delivery[first:last])
        return self._reaches[device]

    def receivers(self, device: int) -> dict[int, int]:
        """Whom its messages are for, ascending, and the latency to each."""
        if device not in self._receivers:
            part = self._part(device)
            pairs = zip(self._dst[part].tolist(), self._latency_ns[part].tolist(), strict=True)
            self._receivers[device] = dict(pairs)
        return self._receivers[device]

    def heard(self, device: int) -> list[int]:
        """Whose messages it gets, ascending."""
        return self._into(device).tolist()  # type: ignore[no-any-return]

    def rate_bps(self, device: int) -> int:
        """At which it sends: the lowest of its links, so that all it serves can follow."""
        rates = self._rates[self._part(device)]
        return int(rates.min()) if len(rates) else self._rate_bps

    def crowd(self, device: int) -> int:
        """Devices within two hops, itself among them: all whose frames can meet one of its own at a receiver."""
        if device not in self._crowds:
            near = np.zeros(self.devices, bool)
            near[device] = True
            for receiver in self.receivers(device):
                near[receiver] = True
                near[self._into(receiver)] = True
            self._crowds[device] = int(near.sum())
        return self._crowds[device]

    def _part(self, device: int) -> slice:
        return slice(*np.searchsorted(self._src, (device, device + 1)).tolist())

    def _into(self, device: int) -> Ids:
        src, first = self._incoming
        return src[first[device] : first[device + 1]]

    @cached_property
    def _incoming(self) -> tuple[Ids, Ids]:
        """Sources of the links in order of their destinations, and where those of each begin."""
        order = np.argsort(self._dst, kind="stable")
        return self._src[order], np.searchsorted(self._dst[order], np.arange(self.devices + 1))


def among(links: Links, here: NDArray[np.bool_]) -> Links:
    """The links between devices that are here."""
    if here.all():
        return links
    kept = here[links.src] & here[links.dst]
    return Links.of(**{name: getattr(links, name)[kept] for name in Links.columns()})
