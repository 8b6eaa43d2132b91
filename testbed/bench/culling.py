"""The culled channel against the stock one: the same rounds side by side, their time, and whether rows are the same."""

from contextlib import closing
from typing import Any

from testbed.bench.airs import Air, same

MOBILITIES = ("static", "random-waypoint")
ROUNDS = 2


def culling(devices: int = 400) -> dict[str, Any]:
    """Seconds a round on both channels, in all and by mobility; `identical`: every row of every round is the same."""
    measured = {mobility: _measure(devices, mobility) for mobility in MOBILITIES}
    return {"devices": devices, **_total(measured), **measured}


def _measure(devices: int, mobility: str) -> dict[str, Any]:
    with (
        closing(Air(devices, mobility=mobility, channel="stock")) as stock,
        closing(Air(devices, mobility=mobility, channel="culled")) as culled,
    ):
        pairs = [(stock.round(number), culled.round(number)) for number in range(ROUNDS)]
    stock_s = sum(seconds for (_, seconds), _ in pairs) / ROUNDS
    culled_s = sum(seconds for _, (_, seconds) in pairs) / ROUNDS
    identical = all(same(theirs, ours) for (theirs, _), (ours, _) in pairs)
    events = {"stock_events": pairs[-1][0][0]["events"], "culled_events": pairs[-1][1][0]["events"]}
    return {**_row(stock_s, culled_s, identical), **events}


def _total(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    stock_s, culled_s = (sum(row[key] for row in rows.values()) / len(rows) for key in ("stock_s", "culled_s"))
    return _row(stock_s, culled_s, all(row["identical"] for row in rows.values()))


def _row(stock_s: float, culled_s: float, identical: bool) -> dict[str, Any]:
    return {"stock_s": stock_s, "culled_s": culled_s, "speedup": stock_s / culled_s, "identical": identical}
