"""What the live networks, with rounds or without, have in common: one ns-3 world in a worker process."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import Absences, Deliveries, Devices, Exchange, Links
from testbed.network.density import side_for
from testbed.network.engine import engine_info, missing_engine, world_settings
from testbed.network.positions import positions
from testbed.network.process import Worker
from testbed.scenario import Scenario

SHORTEST_HELLO_S = 0.02
"""The engine keeps 5 ms of quiet at both ends of the hello phase."""

DESCRIBED = {
    *("mobility", "placement", "speed_mps", "pause_s", "memory", "step_s", "loss", "fading", "nakagami_m"),
    *("channel", "rate", "tx_power_dbm", "transport", "repair", "load", "payload_bytes"),
    *("hellos", "hello_s", "hello_share", "beacon_s"),
}
"""Keys of `[network]` that a trace's header keeps."""


class Live:
    """802.11a radios in a square, in ad-hoc mode, in one ns-3 world for the whole run.

    Raises UserError where there is no engine, ns-3 does not know a setting, or no side length gives the density.
    """

    def __init__(self, scenario: Scenario) -> None:
        if complaint := missing_engine():
            raise UserError(complaint)
        settings = scenario.network
        if settings.hello_s < SHORTEST_HELLO_S:
            raise UserError(f"network.hello_s = {settings.hello_s:g} should be at least {SHORTEST_HELLO_S:g}.")
        self.devices, self._scenario, self._settings = scenario.devices.count, scenario, settings
        self._events = 0
        self._pcap = pcap_folder(scenario.output.pcap)
        self._worker = Worker(settings.worker_timeout_s)
        try:
            self.side_m = side_for(scenario, self._worker)
            self._rate_bps = self._worker.request("open", world_settings(scenario, self.side_m, self._pcap))
        except BaseException:
            self.close()
            raise

    @property
    def events(self) -> int:
        """Simulator events so far."""
        return self._events

    def describe(self) -> dict[str, Any]:
        """Kind, radio settings and the ns-3 they ran on."""
        radio = self._settings.model_dump(mode="json", include=DESCRIBED)
        return {"kind": "ns3", "standard": "802.11a", "side_m": self.side_m, **radio, **engine_info()}

    def close(self) -> None:
        """End the worker process, after its last frames are captured."""
        if self._pcap:
            self._worker.finish()
        self._worker.close()

    def _places(self, number: int) -> NDArray[np.float64]:
        """Positions of a round or period, as far as Python decides them."""
        return positions(self.devices, self._scenario.run.seed, self._settings, self.side_m, number)

    def _exchange(self, raw: dict[str, Any], opened_ns: int, absences: Absences) -> Exchange:
        """The engine's columns as an Exchange."""
        self._events = raw["events"]
        links, counted = raw["links"], raw["devices"]
        count = len(links["src"])
        counted.pop("data_frames")
        return Exchange(
            opened_ns,
            raw["closed_ns"],
            Links(**links, rate_bps=np.full(count, self._rate_bps), latency_ns=np.zeros(count, np.int64)),
            Deliveries(**raw["deliveries"]),
            Devices(**counted, away_ns=absences.within(opened_ns, raw["closed_ns"], self.devices)),
        )


def pcap_folder(name: str | None) -> Path | None:
    """Where captures go. Raises UserError if there are some already."""
    if name is None:
        return None
    folder = Path(name).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.glob("*.pcap"))
    except OSError as error:
        raise UserError(f"output.pcap = {name!r} cannot be a folder: {error.strerror}.") from None
    if taken:
        raise UserError(f"output.pcap = {name!r} holds captures already: choose another folder.")
    return folder


def columns(absences: Absences) -> tuple[NDArray[Any], ...]:
    """Absences as the engine takes them."""
    return absences.device, absences.from_ns, absences.until_ns
