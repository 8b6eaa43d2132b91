"""Older versions of the format, read as the present one.

A version is what its tables were (`tables`, by name) and how a trace of it becomes one of the next version: a Step.
Steps follow each other up to VERSION, so a new version of the format needs one more, and no old one changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from testbed.trace.files import Columns

Tree = dict[str, Any]
Tables = dict[str, Columns]


@dataclass(frozen=True)
class Step:
    """From one version to the next."""

    schemas: dict[str, pa.Schema]
    """Of the older one; frozen, whatever becomes of the format."""
    header: Callable[[Tree], Tree]
    tables: Callable[[Tables], Tables]
    """Of whole rounds alone. Not yet believed: whatever is in there, this raises nothing."""


def header_from_2(tree: Tree) -> Tree:
    """`devices` became `nodes`; names, provenance and checksums were not there."""
    rest = {key: value for key, value in tree.items() if key not in ("devices", "checksums")}
    nodes = {"nodes": tree["devices"]} if "devices" in tree else {}
    return {**rest, **nodes, "version": 3, "provenance": [{"step": "record"}, {"step": "upgrade", "version": 2}]}


def tables_from_2(tables: Tables) -> Tables:
    """Links and devices had no times but their round's, links no latency; `heard` became `delivery`."""
    links, devices = tables["links"], tables["devices"]
    return {
        **{name: tables[name] for name in ("messages", "deliveries", "sightings", "rounds")},
        "links": {
            "round": links["round"],
            "t_start_ns": _at(tables["rounds"], "opened_ns", links),
            "t_end_ns": _at(tables["rounds"], "closed_ns", links),
            **{name: links[name] for name in ("src", "dst", "snr_db")},
            "delivery": links["heard"],
            "rate_bps": links["rate_bps"],
            "latency_ns": np.zeros(len(links["round"]), np.int64),
            "neighbour": links["neighbour"],
        },
        "nodes": {
            "round": devices["round"],
            "t_ns": _at(tables["rounds"], "opened_ns", devices),
            "node": (np.arange(len(devices["round"])) - np.searchsorted(devices["round"], devices["round"])),
            **{name: column for name, column in devices.items() if name != "round"},
        },
    }


def _at(rounds: Columns, time: str, table: Columns) -> np.ndarray[Any, np.dtype[np.int64]]:
    """For each row the time of its round; 0 for a row of no round (-1)."""
    return np.append(rounds[time], 0)[table["round"]]


ROUND = ("round", pa.int32())
PAIR = (("src", pa.int32()), ("dst", pa.int32()))
SCHEMAS_2 = {
    "messages": pa.schema([ROUND, *PAIR, ("size_bytes", pa.int64()), ("ready_ns", pa.int64())]),
    "links": pa.schema(
        [
            ROUND,
            *PAIR,
            ("snr_db", pa.float64()),
            ("heard", pa.float64()),
            ("rate_bps", pa.int64()),
            ("neighbour", pa.bool_()),
        ]
    ),
    "deliveries": pa.schema(
        [
            ROUND,
            *PAIR,
            ("size_bytes", pa.int64()),
            ("started_ns", pa.int64()),
            ("arrived_ns", pa.int64()),
            ("cause", pa.string()),
            ("frames", pa.int64()),
            ("retries", pa.int64()),
        ]
    ),
    "devices": pa.schema(
        [
            ROUND,
            ("airtime_ns", pa.int64()),
            ("frames", pa.int64()),
            ("retries", pa.int64()),
            ("energy_j", pa.float64()),
            ("away_ns", pa.int64()),
            ("x_m", pa.float64()),
            ("y_m", pa.float64()),
        ]
    ),
    "sightings": pa.schema([ROUND, ("time_ns", pa.int64()), ("device", pa.int32()), ("neighbour", pa.int32())]),
    "rounds": pa.schema([ROUND, ("opened_ns", pa.int64()), ("closed_ns", pa.int64())]),
}

STEPS = {2: Step(SCHEMAS_2, header_from_2, tables_from_2)}
"""By the version they begin at."""
