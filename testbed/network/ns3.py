"""The `ns3` network: a live 802.11a ad-hoc network, simulated packet by packet in a worker process."""

from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Absences, Deliveries, Devices, Exchange, Links, Outbox
from testbed.network.density import side_for
from testbed.network.engine import engine_info, missing_engine, world_settings
from testbed.network.positions import positions
from testbed.network.process import Worker
from testbed.scenario import Scenario
from testbed.scenario.schema import Network as Settings

__all__ = ["Ns3Network", "engine_info"]

SHORTEST_HELLO_S = 0.02
"""The engine keeps 5 ms of quiet at both ends of the hello phase."""


class Ns3Network:
    """802.11a radios in a square, in ad-hoc mode, in one ns-3 world for the whole run.

    What a round does depends on its number, its opening time, the scenario and the messages, not on the rounds before:
    a fresh network goes on from any round, and two algorithms under one seed meet the same air.

    Raises UserError where there is no engine, ns-3 does not know a setting, or no side length gives the density.
    """

    def __init__(self, scenario: Scenario) -> None:
        if complaint := missing_engine():
            raise UserError(complaint)
        settings, deadline_s = scenario.network, scenario.run.deadlines_s()[0]
        _check_times(settings, deadline_s)
        self.devices, self._scenario, self._settings = scenario.devices.count, scenario, settings
        self._deadline_ns = round(deadline_s * 1e9)
        self._events = 0
        self._worker = Worker(settings.worker_timeout_s)
        try:
            self.side_m = side_for(scenario, self._worker)
            self._rate_bps = self._worker.request("open", world_settings(scenario, self.side_m))
        except BaseException:
            self.close()
            raise

    @property
    def events(self) -> int:
        """Simulator events so far."""
        return self._events

    def describe(self) -> dict[str, Any]:
        """Kind, radio settings and the ns-3 they ran on."""
        settings = self._settings
        radio = settings.model_dump(
            mode="json",
            include={"mobility", "loss", "rate", "tx_power_dbm", "transport", "repair", "load", "payload_bytes"}
            | {"hellos", "hello_s", "hello_share", "speed_mps", "pause_s", "fading", "channel"},
        )
        return {"kind": "ns3", "standard": "802.11a", "side_m": self.side_m, **radio, **engine_info()}

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences = ALL_PRESENT) -> Exchange:
        """Carry one round's messages over the air."""
        raw = self._worker.request("round", *self._arguments(round_, opened_ns, outbox, absences))
        self._events = raw["events"]
        links, devices = raw["links"], raw["devices"]
        return Exchange(
            opened_ns,
            raw["closed_ns"],
            Links(**links, rate_bps=np.full(len(links["src"]), self._rate_bps)),
            Deliveries(**raw["deliveries"]),
            Devices(
                airtime_ns=devices["airtime_ns"],
                frames=devices["frames"],
                retries=devices["retries"],
                energy_j=devices["energy_j"],
                away_ns=absences.within(opened_ns, raw["closed_ns"], self.devices),
                x_m=devices["x_m"],
                y_m=devices["y_m"],
            ),
        )

    def close(self) -> None:
        """End the worker process."""
        self._worker.close()

    def _arguments(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences) -> tuple[Any, ...]:
        _check_messages(outbox, self.devices)
        place = positions(self.devices, self._scenario.run.seed, self._settings, self.side_m, round_)
        messages = outbox.src, outbox.size_bytes, outbox.ready_ns
        away = absences.device, absences.from_ns, absences.until_ns
        return round_, opened_ns, opened_ns + self._deadline_ns, place, *messages, *away


def _check_times(settings: Settings, deadline_s: float) -> None:
    if settings.hello_s < SHORTEST_HELLO_S:
        raise UserError(f"network.hello_s = {settings.hello_s:g} should be at least {SHORTEST_HELLO_S:g}.")
    if deadline_s <= settings.hello_s:
        raise UserError(
            f"run.deadline_s = {deadline_s:g} is before the first message can be sent: "
            f"it should be above network.hello_s = {settings.hello_s:g}."
        )


def _check_messages(outbox: Outbox, devices: int) -> None:
    """`broadcast` carries one message per device, to whoever is its neighbour."""
    if (outbox.dst != ALL_NEIGHBOURS).any() or len(set(outbox.src)) < len(outbox):
        raise ValueError("broadcast carries one message per device, addressed to all neighbours")
    if len(outbox) and not (outbox.src.min() >= 0 and outbox.src.max() < devices and outbox.size_bytes.min() >= 0):
        raise ValueError("a message needs a device of the network as its source, and a size of 0 bytes or more")
