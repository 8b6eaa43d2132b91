"""Rounds of `broadcast` with the fountain repair at three densities, as a Markdown table.

    python benchmarks/broadcast_round.py                      # 50 devices, 31.4 kB, 24 Mb/s, 10 rounds each
    python benchmarks/broadcast_round.py --load 0.3 --rounds 3
    python benchmarks/broadcast_round.py --repair none

`served` is the share of the round's links whose message arrived before the deadline of 10 s; `frames / needed` are the
data frames sent over the fewest that could carry the messages; `round` is simulated time, hello phase included; the
last two columns are this machine's.
"""

import argparse
import time
from contextlib import closing
from math import ceil
from typing import Any

import numpy as np

from testbed.network.density import side_for
from testbed.network.engine import world_settings
from testbed.network.positions import positions
from testbed.network.process import Worker
from testbed.scenario import Scenario, parse
from testbed.scenario.schema import Network

DEADLINE_NS = 10_000_000_000
COLUMNS = "density", "side m", "served", "frames / needed", "done frames", "round s", "longest s", "events/s", "wall s"


def main() -> None:
    options = arguments()
    print("| " + " | ".join(COLUMNS) + " |\n" + "| --- " * len(COLUMNS) + "|")
    for density in options.density:
        keys = {"density": density, "load": options.load, "repair": options.repair, "rate": options.rate}
        sections = {"run": {"seed": options.seed}, "devices": {"count": options.devices}, "network": keys}
        print(row(parse(sections), options), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--size", type=int, default=31_400, help="bytes of every message")
    parser.add_argument("--density", type=float, nargs="+", default=[0.9, 0.5, 0.2])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", default="24Mbps")
    parser.add_argument("--load", type=float, default=Network().load)
    parser.add_argument("--repair", choices=["fountain", "none"], default="fountain")
    return parser.parse_args()


def row(scenario: Scenario, options: argparse.Namespace) -> str:
    with closing(Worker(timeout_s=600)) as worker:
        side_m = side_for(scenario, worker)
        worker.request("open", world_settings(scenario, side_m))
        began = time.perf_counter()
        rounds = list(play(worker, scenario.network, side_m, options))
        wall_s = time.perf_counter() - began
    density, served, frames, done, length_s = np.mean(
        [measured(raw, opened, options) for raw, opened in rounds], axis=0
    )
    longest_s = max(raw["closed_ns"] - opened for raw, opened in rounds) / 1e9
    events_per_s = rounds[-1][0]["events"] / wall_s
    return (
        f"| {density:.2f} | {side_m:.0f} | {served:.2%} | {frames:.2f} | {done:.0f} | {length_s:.2f} | {longest_s:.2f} "
        f"| {events_per_s:,.0f} | {wall_s / len(rounds):.2f} |"
    )


def play(worker: Worker, settings: Network, side_m: float, options: argparse.Namespace) -> Any:
    """Pairs of what a round gave and when it opened; everybody sends, ready at the opening."""
    everyone = np.arange(options.devices, dtype=np.int32)
    sizes = np.full(options.devices, options.size)
    nobody = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64)
    opened_ns = 0
    for round_ in range(options.rounds):
        place = positions(options.devices, options.seed, settings, side_m, round_)
        ready = np.full(options.devices, opened_ns)
        deadline_ns = opened_ns + DEADLINE_NS
        raw = worker.request("round", round_, opened_ns, deadline_ns, place, everyone, sizes, ready, *nobody)
        yield raw, opened_ns
        opened_ns = raw["closed_ns"]


def measured(raw: dict[str, Any], opened_ns: int, options: argparse.Namespace) -> tuple[float, ...]:
    """Density, share served, data frames over needed ones, done frames, length of the round in seconds."""
    settings, sent = Network(), raw["devices"]
    needed = options.devices * ceil(options.size / settings.payload_bytes)
    control = sent["frames"].sum() - sent["data_frames"].sum() - options.devices * settings.hellos
    return (
        raw["links"]["neighbour"].sum() / (options.devices * (options.devices - 1)),
        (raw["deliveries"]["cause"] == 0).mean(),
        sent["data_frames"].sum() / needed,
        control,
        (raw["closed_ns"] - opened_ns) / 1e9,
    )


if __name__ == "__main__":
    main()
