"""The links of an instant: whom a device serves, and who notices it."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Links
from testbed.network.links.radio import DETECTED

MOST_CELLS = 1 << 23
"""Of the rows that are kept: 64 MB."""

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
    near: Ids
    """Those that detect it as a frame."""
    sure: bool
    """Whether clean air loses none of its frames, as far as the links say."""


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
        self._rows: dict[int, Array] = {}
        self._shares: dict[int, Array] = {}
        self._lowest: dict[int, int] = {}
        self._receivers: dict[int, dict[int, int]] = {}
        self._crowds: dict[int, int] = {}

    def graph(self) -> NDArray[np.bool_]:
        """(devices, devices): [i, j] where j's messages are for i."""
        found = np.zeros((self.devices, self.devices), bool)
        found[self._dst, self._src] = True
        return found

    def reach(self, device: int) -> Reach:
        """Who notices its frames."""
        if device not in self._reaches:
            src, dst, power, delivery = self._noticed
            part = slice(*np.searchsorted(src, (device, device + 1)).tolist())
            ids, sure = dst[part], bool((delivery[part] == 1).all())
            self._reaches[device] = Reach(ids, ids[power[part] >= DETECTED], sure)
        return self._reaches[device]

    def row(self, device: int) -> Array:
        """(devices,) power of its frames at each; 0 where they are not noticed."""
        if device not in self._rows:
            if len(self._rows) * self.devices >= MOST_CELLS:
                self._rows.clear()
            self._rows[device] = self._dense(device, 2)
        return self._rows[device]

    def delivery(self, device: int) -> Array:
        """(devices,) share of its frames that each gets in clean air, beside what the power decides."""
        if device not in self._shares:
            if len(self._shares) * self.devices >= MOST_CELLS:
                self._shares.clear()
            self._shares[device] = self._dense(device, 3)
        return self._shares[device]

    def _dense(self, device: int, column: int) -> Array:
        part = slice(*np.searchsorted(self._noticed[0], (device, device + 1)).tolist())
        row = np.zeros(self.devices)
        row[self._noticed[1][part]] = self._noticed[column][part]
        return row

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
        if device not in self._lowest:
            rates = self._rates[self._part(device)]
            self._lowest[device] = int(rates.min()) if len(rates) else self._rate_bps
        return self._lowest[device]

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
