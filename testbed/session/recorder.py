"""Writing down what each round did: the run's tables, its trace and its checkpoint, in an order that a kill
at any moment cannot spoil."""

import contextlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from testbed.exchange import A_PARTNER, ONE_PAIR, Deliveries, Outbox
from testbed.results import RunWriter
from testbed.results.directory import EVENTS, PARTS, SIMULATION
from testbed.session import checkpoint
from testbed.session.barrier import Outcome, Stands
from testbed.session.stopwatch import Stopwatch
from testbed.trace import Header, TraceWriter


class Recorder:
    """Keeps `standing`, the last one that the files can be gone on from."""

    def __init__(
        self,
        folder: Path,
        manifest: Mapping[str, Any],
        header: Header,
        columns: Iterable[str],
        standing: Stands,
        checkpoint_s: float,
        began: float,
        events: bool = False,
    ) -> None:
        """`events`: whether outcomes carry a table of events."""
        self.standing = standing
        self._folder, self._checkpoint_s, self._saved = folder, checkpoint_s, time.monotonic()
        self._trace = TraceWriter(folder / "trace", header, standing.round_)
        self._run = RunWriter(folder, manifest, columns, standing.round_, began, events)

    def append(self, outcome: Outcome, standing: Stands, watch: Stopwatch, events: int) -> None:
        """Append a round to every table; only then is its standing one to go on from."""
        with watch("writing"):
            self._trace.append(outcome.round_, outcome.outbox, outcome.exchange)
            self._run.append("rounds", round_row(outcome))
            self._run.append("devices", device_rows(outcome))
            if outcome.timeline is not None:
                self._run.append("events", event_rows(outcome))
        seconds = {f"{part}_s": [watch.seconds[part]] for part in (*PARTS, SIMULATION)}
        self._run.append("wall", {"round": [outcome.round_], "events": [events], **seconds})
        self.standing = standing

    def checkpoint(self, force: bool = False) -> None:
        """Save the standing if the last save is long enough ago."""
        if force or time.monotonic() - self._saved >= self._checkpoint_s:
            self._trace.sync()
            self._run.sync()
            checkpoint.save(self._folder / "checkpoint", self.standing.here())
            self._saved = time.monotonic()

    def finish(self) -> None:
        """The last round is in. The manifest says so last; until then the streams stay."""
        self.checkpoint(force=True)
        self._trace.finish()
        self._run.finish()
        self._trace.discard()

    def stop(self, reason: str) -> None:
        """Leave a directory to resume from; where even that cannot be written, the last checkpoint stands."""
        with contextlib.suppress(OSError):
            self.checkpoint(force=True)
        with contextlib.suppress(OSError):
            self._trace.close()
        with contextlib.suppress(OSError):
            self._run.stop(reason)


def round_row(outcome: Outcome) -> dict[str, list[Any]]:
    """The row of `rounds`."""
    exchange, arrived = outcome.exchange, outcome.exchange.deliveries.arrived
    row = {
        "round": outcome.round_,
        "opened_ns": exchange.opened_ns,
        "closed_ns": exchange.closed_ns,
        "density": exchange.density,
        "links": int(exchange.links.neighbour.sum()),
        "delivered": int(arrived.sum()),
        "lost": int((~arrived).sum()),
        "bytes": sent_bytes(outcome.outbox, exchange.deliveries),
        "frames": int(exchange.devices.frames.sum()),
        "airtime_ns": int(exchange.devices.airtime_ns.sum()),
        "energy_j": float(np.nansum(exchange.devices.energy_j) + outcome.compute_j.sum()),
        "loss": float(outcome.losses.double()[torch.from_numpy(outcome.trained)].mean()),
        "accuracy_mean": float(outcome.accuracy.double().mean()),
        "accuracy_std": float(outcome.accuracy.double().std(correction=0)),
        "consensus_distance": outcome.consensus_distance,
        "spectral_gap": outcome.spectral_gap,
        "mean_size": outcome.mean_size,
        "small_share": outcome.small_share,
    }
    return {name: [value] for name, value in row.items()}


def sent_bytes(outbox: Outbox, deliveries: Deliveries) -> int:
    """Of the messages that were sent to somebody: who is matched with nobody sends nothing."""
    matched = (outbox.dst == A_PARTNER) | (outbox.dst == ONE_PAIR)
    return int(outbox.size_bytes[~matched | np.isin(outbox.src, deliveries.src)].sum())


def received(outcome: Outcome) -> NDArray[np.int64]:
    """(devices,) messages that arrived in a round; in the event-driven modes, from how many devices something came."""
    rows, count = outcome.exchange.deliveries, len(outcome.exchange.devices)
    pairs = (rows.dst.astype(np.int64) * count + rows.src)[rows.arrived]
    return np.bincount((pairs if outcome.timeline is None else np.unique(pairs)) // count, minlength=count)


def device_rows(outcome: Outcome) -> dict[str, Any]:
    """The rows of `devices`, one per device."""
    devices, count = outcome.exchange.devices, len(outcome.exchange.devices)
    return {
        "round": np.full(count, outcome.round_),
        "device": np.arange(count),
        "loss": outcome.losses.double().numpy(),
        "accuracy": outcome.accuracy.double().numpy(),
        "neighbours": outcome.exchange.neighbours().sum(1),
        "received": received(outcome),
        "compute_ns": outcome.compute_ns,
        "airtime_ns": devices.airtime_ns,
        "frames": devices.frames,
        "retries": devices.retries,
        "radio_j": devices.energy_j,
        "compute_j": outcome.compute_j,
        "battery_j": outcome.battery_j,
        "away_ns": devices.away_ns,
        "x_m": devices.x_m,
        "y_m": devices.y_m,
        **{name: column.double().numpy() for name, column in outcome.report.items()},
    }


def event_rows(outcome: Outcome) -> dict[str, Any]:
    """The rows of `events`."""
    rows = outcome.timeline or []
    columns = zip(*rows, strict=True) if rows else [()] * len(EVENTS.names[1:])
    return {"round": [outcome.round_] * len(rows), **dict(zip(EVENTS.names[1:], columns, strict=True))}
