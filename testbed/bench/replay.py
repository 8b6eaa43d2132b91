"""What `replay = "links"` leaves out: against live ns-3 over the same places, at other sizes than recorded.

A trace is recorded with 31.4 kB messages; live runs over the same places with 1, 1/10 and 4 times that size are the
truth. A live run with other random draws, also over the same places, tells how far two airs differ by chance alone.
"""

import time
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Exchange, Outbox
from testbed.network import Network
from testbed.network.engine import missing_engine
from testbed.network.links import LinksNetwork
from testbed.network.ns3 import Ns3Network
from testbed.network.replay import ReplayNetwork
from testbed.scenario import Scenario, parse
from testbed.trace import Header, Trace

DENSITIES, SIZES = (0.2, 0.5, 0.8), {"x1": 31_400, "x1/10": 3_140, "x4": 125_600}
DEVICES, ROUNDS, DEADLINE_S = 50, 10, 60.0
OTHER_DRAWS = 1000
"""Rounds further on, an air draws other numbers."""


class OtherDraws(Ns3Network):
    """The places of the rounds, the random numbers of later ones."""

    def _places(self, number: int) -> NDArray[np.float64]:
        return super()._places(number - OTHER_DRAWS)


def replay() -> dict[str, Any]:
    """By density and size, `links` and `other_draws` against live: see `compared`; and the means over all of them.

    `none` has the same without repair, where it is chance what arrives. `exact_equal`: an exact replay of the recorded
    size gives every row of the recording.
    """
    if complaint := missing_engine():
        raise UserError(complaint)
    rows: dict[str, Any] = {}
    exact_equal = True
    for density in DENSITIES:
        with closing(Ns3Network(scenario(density=density))) as network:
            side_m = network.side_m
        trace = recorded(side_m)
        exact_equal &= is_exact(trace)
        for name, size in SIZES.items():
            rows[f"{density} {name}"] = _row(trace, side_m, size, "fountain")
        rows[f"{density} none"] = _row(trace, side_m, SIZES["x1"], "none")
    repaired = [row for name, row in rows.items() if "none" not in name]
    means = {
        f"{key}_round_error": float(np.mean([row[key]["round_error"] for row in repaired]))
        for key in ("links", "other_draws")
    }
    largest = max(abs(row["links"]["round_bias"]) for row in repaired)
    return {**means, "largest_bias": largest, "exact_equal": exact_equal, **rows}


def scenario(kind: str = "ns3", **keys: Any) -> Scenario:
    """The devices of this benchmark under these keys of `[network]`."""
    run = {"deadline_s": DEADLINE_S, "rounds": ROUNDS}
    return parse({"run": run, "devices": {"count": DEVICES}, "network": {"kind": kind, **keys}})


def recorded(side_m: float) -> Trace:
    """Live rounds with messages of the recorded size."""
    with closing(Ns3Network(scenario(side_m=side_m))) as network:
        exchanges, _ = carried(network, SIZES["x1"])
        header = Header(nodes=DEVICES, seed=1, network=network.describe())
    return Trace.of_rounds(header, [_everyone(SIZES["x1"], each.opened_ns) for each in exchanges], exchanges)


def is_exact(trace: Trace) -> bool:
    """Whether an exact replay of the recorded messages is the recording."""
    exchanges, _ = carried(ReplayNetwork(trace, DEVICES, ROUNDS), SIZES["x1"])
    return tuple(exchanges) == trace.exchanges


def carried(network: Network, size_bytes: int, first: int = 0) -> tuple[list[Exchange], float]:
    """Rounds in which everybody sends at the opening, and the wall time of one."""
    exchanges: list[Exchange] = []
    began, opened_ns = time.perf_counter(), 0
    for number in range(ROUNDS):
        exchanges.append(network.exchange(first + number, opened_ns, _everyone(size_bytes, opened_ns), ALL_PRESENT))
        opened_ns = exchanges[-1].closed_ns
    return exchanges, (time.perf_counter() - began) / ROUNDS


def compared(live: list[Exchange], other: list[Exchange]) -> dict[str, float]:
    """How `other` differs from `live`, in shares of live: `round_bias` of the mean round duration, `round_error` the
    mean absolute one of a round, `arrival_bias` of the mean time to an arrival, `frames_ratio` data frames on the air;
    `kept` of the pairs delivered live those also delivered, `added` of those delivered those not live.
    """
    durations, others = (np.array([each.closed_ns - each.opened_ns for each in each_run]) for each_run in (live, other))
    pairs, other_pairs = (np.array([each.delivered() for each in each_run]) for each_run in (live, other))
    return {
        "round_bias": float(others.mean() / durations.mean() - 1),
        "round_error": float(np.abs(others / durations - 1).mean()),
        "arrival_bias": _arrival_ns(other) / _arrival_ns(live) - 1,
        "frames_ratio": _frames(other) / _frames(live),
        "kept": float((pairs & other_pairs).sum() / pairs.sum()),
        "added": float((other_pairs & ~pairs).sum() / other_pairs.sum()),
    }


def _row(trace: Trace, side_m: float, size_bytes: int, repair: str) -> dict[str, Any]:
    keys: dict[str, Any] = {"side_m": side_m, "repair": repair}
    with closing(Ns3Network(scenario(**keys))) as network:
        live, live_s = carried(network, size_bytes)
    with closing(OtherDraws(scenario(**keys))) as network:
        drawn, _ = carried(network, size_bytes, OTHER_DRAWS)
    replayed = LinksNetwork(trace, scenario("replay", trace="recorded", replay="links", repair=repair))
    links, links_s = carried(replayed, size_bytes)
    return {
        "live_round_s": float(np.mean([each.closed_ns - each.opened_ns for each in live]) / 1e9),
        "links": compared(live, links),
        "other_draws": compared(live, drawn),
        "live_wall_s": live_s,
        "links_wall_s": links_s,
        "links_events_per_s": replayed.events / ROUNDS / links_s,
    }


def _everyone(size_bytes: int, ready_ns: int) -> Outbox:
    dst, size, ready = np.full((3, DEVICES), [[ALL_NEIGHBOURS], [size_bytes], [ready_ns]])
    return Outbox.of(src=np.arange(DEVICES), dst=dst, size_bytes=size, ready_ns=ready)


def _frames(exchanges: list[Exchange]) -> float:
    """Data frames on the air; one stands in the row of every neighbour."""
    rows = [each.deliveries for each in exchanges]
    return float(sum(each.frames[np.unique(each.src, return_index=True)[1]].sum() for each in rows))


def _arrival_ns(exchanges: list[Exchange]) -> float:
    """Mean time from a round's opening to an arrival."""
    parts = [each.deliveries.arrived_ns[each.deliveries.arrived] - each.opened_ns for each in exchanges]
    return float(np.concatenate(parts).mean())
