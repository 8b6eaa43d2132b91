"""What came of it, in a few lines."""

from pathlib import Path

import numpy as np

from testbed.results import Run
from testbed.trace import read


def summary(folder: Path) -> None:
    """The result of the run in `folder` and what to do with it next."""
    run = Run(folder)
    rounds = run.rounds
    accuracy, best = rounds["accuracy_mean"], run.best_accuracy
    if np.isfinite(best):
        at = int(np.nanargmax(accuracy))
        print(f"best accuracy {best:.4f} in round {at + 1} after {rounds['closed_ns'][at] / 1e9:.2f} simulated seconds")
    print(
        f"last accuracy {accuracy[-1]:.4f} (spread over devices {rounds['accuracy_std'][-1]:.4f}), "
        f"{rounds['bytes'].sum() / 1e6:.1f} MB of messages in {rounds['airtime_ns'].sum() / 1e9:.1f} s of air time, "
        f"mean density {rounds['density'].mean():.3f} "
        f"(spread over rounds {rounds['density'].std():.3f}), "
        f"{rounds['delivered'].sum()} messages delivered, {rounds['lost'].sum()} lost"
    )
    if (count := run.manifest.get("rounds_from_cache", 0)) > 0:
        print(f"the air of {min(count, len(accuracy))} rounds came from the cache (network.cache)")
    if (run.devices["battery_j"] == 0).reshape(len(accuracy), -1)[-1].all():
        print(f"the batteries of all devices were empty after {len(accuracy)} rounds (devices.battery_j)")
    if rounds["bytes"].sum() and not rounds["delivered"].any():
        print("warning: no message reached anybody: nobody was linked, or not for long enough, whenever one was sent")
    if diverged := _diverged(run):
        print(f"warning: the models of {diverged} devices have diverged (a loss that is no number): lower algorithm.lr")
    print(f"{folder} holds tables, trace and checkpoint; wall time {run.manifest['wall_s']:.1f} s")
    print(f"next: testbed plot rounds {folder}")


def _diverged(run: Run) -> int:
    """How many devices trained to no number in the last round; one that is away has no loss either."""
    last = slice(-len(run.devices["loss"]) // len(run.rounds["round"]), None)
    lost = np.isnan(run.devices["loss"][last]) & (run.devices["compute_ns"][last] > 0)
    return 0 if np.isfinite(run.rounds["consensus_distance"][-1]) else int(lost.sum())


def trace_summary(folder: Path) -> None:
    """What the trace in `folder` holds and what to do with it next."""
    trace = read(folder)
    density = trace.densities()
    arrived = sum(int(exchange.deliveries.arrived.sum()) for exchange in trace.exchanges)
    wanted = sum(len(exchange.deliveries) for exchange in trace.exchanges)
    print(
        f"{len(trace)} rounds of {trace.header.nodes} devices, {trace.exchanges[-1].closed_ns / 1e9:.2f} simulated "
        f"seconds, density {density.mean():.3f} (spread over rounds {density.std():.3f}), "
        f"{arrived} of {wanted} messages delivered"
    )
    print(f"next: testbed replay {folder} SCENARIO")
