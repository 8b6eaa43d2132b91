"""The compiled engine: whether it is there, what it was built against, and settings in its words."""

import importlib
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.network.positions import courses
from testbed.scenario import Scenario
from testbed.seeds import Purpose, integer

MISSING = (
    'this installation has no ns-3 engine ({reason}); use network.kind = "graph" or "replay" (recorded airs come with '
    "testbed: `testbed trace list`, `testbed replay bundled/NAME SCENARIO`), or reinstall"
)
CHECKS = ("LOG_ENABLE", "ASSERT_ENABLE")
"""Definitions of an ns-3 that checks and logs, at about half the speed of an optimised one."""


class EngineError(UserError):
    """ns-3 stopped, hung or refused; the text ends with its own words."""


def engine_info() -> dict[str, Any]:
    """ns-3's version, build profile and whether it is optimised; or `engine` with the reason why there is none."""
    try:
        module = importlib.import_module("testbed.network._engine")
    except ImportError as error:
        return {"engine": f"none: {_reason(error)}"}
    profile, definitions = module.NS3_PROFILE, module.NS3_DEFINITIONS
    optimised = profile in ("release", "optimized") and not any(word in definitions for word in CHECKS)
    return {"ns3_version": module.NS3_VERSION, "ns3_profile": profile, "ns3_optimised": optimised}


def missing_engine() -> str | None:
    """The sentence for a user whose installation has no engine; None where there is one."""
    reason = engine_info().get("engine")
    return MISSING.format(reason=reason.removeprefix("none: ")) if reason else None


def world_settings(scenario: Scenario, side_m: float, pcap: Path | None = None) -> dict[str, Any]:
    """What the engine's World is made from; `pcap` is the folder for captures.

    Raises UserError for a loss table that cannot be.
    """
    settings, devices = scenario.network, scenario.devices.count
    constant = settings.rate_bps()
    return {
        "devices": devices,
        "seed": integer(scenario.run.seed, Purpose.RADIO),
        "losses": [_loss(model, devices) for model in settings.losses()],
        "manager": settings.rate if constant is None else "ns3::ConstantRateWifiManager",
        "rate_mode": "" if constant is None else f"OfdmRate{constant // 1_000_000}Mbps",
        "tx_power_dbm": settings.tx_power_dbm,
        "fading": settings.fading,
        "nakagami_m": settings.nakagami_m,
        "culled": settings.channel == "culled",
        "scripted": settings.script is not None,
        "mobility": settings.mobility,
        "side_m": side_m,
        "min_speed_mps": settings.speed_mps[0],
        "max_speed_mps": settings.speed_mps[1],
        "pause_s": settings.pause_s,
        "memory": settings.memory,
        "step_s": settings.step_s,
        "courses": [legs.ravel() for legs in courses(devices, settings, side_m)],
        "script": settings.script or "",
        **scenario.devices.model_dump(include={"voltage_v", "tx_a", "rx_a", "busy_a", "idle_a"}),
        "hellos": settings.hellos,
        "hello_ns": round(settings.hello_s * 1e9),
        "hello_share": settings.hello_share,
        "beacon_ns": round(settings.beacon_s * 1e9),
        "transport": settings.transport,
        "repair": settings.repair,
        "load": settings.load,
        "payload_bytes": settings.payload_bytes,
        "pcap": str(pcap or ""),
    }


def _loss(table: dict[str, Any], devices: int) -> dict[str, Any]:
    """`losses_db` (sender by receiver) is ours, for ns3::MatrixPropagationLossModel; all else are ns-3's attributes."""
    attributes = {name: _text(value) for name, value in table.items() if name not in ("model", "losses_db")}
    losses_db = table.get("losses_db", [])
    rows = losses_db if isinstance(losses_db, list) else [losses_db]
    if not all(isinstance(row, list) and all(isinstance(cell, int | float) for cell in row) for row in rows):
        raise UserError("network.loss: losses_db should be a list of rows of numbers, one row per sender.")
    if losses_db and [len(row) for row in losses_db] != [devices] * devices:
        raise UserError(f"network.loss: losses_db should have {devices} rows of {devices} numbers, one per device.")
    return {"model": table["model"], "attributes": attributes, "losses_db": losses_db}


def _text(value: object) -> str:
    """An attribute as ns-3 reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reason(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "it was built where no ns-3 was found"
    return f"it does not load: {error}"
