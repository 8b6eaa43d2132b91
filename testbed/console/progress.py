"""Progress of a run: a live line in a terminal, plain lines anywhere else."""

import math
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from testbed.console.classes import class_table
from testbed.exchange import Exchange
from testbed.network import Medium, Network
from testbed.scenario import Scenario
from testbed.session.observer import Observer
from testbed.session.stopwatch import Stopwatch

if TYPE_CHECKING:
    from testbed.session.barrier import Outcome
    from testbed.session.learner import Learner

TOLD = ("kind", "graph", "density", "side_m", "mobility", "rate", "latency_s", "transport", "repair", "ns3_version")
"""What is said of a network; the trace's header holds the rest."""

PLAIN_LINES = 20
"""About so many lines tell of a whole run where there is no terminal."""


class Progress(Observer):
    """Use as a context around a session, and as its observer."""

    def __init__(self, scenario: Scenario) -> None:
        self._console = Console(stderr=True)
        self._scenario, self._rounds = scenario, scenario.run.rounds
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("setting up", total=None, told="")
        self._began, self._first, self._accuracy = time.monotonic(), 0, math.nan
        self._events, self._network_s = 0, 0.0

    def __enter__(self) -> Self:
        run, network = self._scenario.run, self._scenario.network
        devices = self._scenario.devices.count
        self._say(f"{run.name}: {devices} devices, {run.rounds} rounds, network {network.kind}, seed {run.seed}")
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def started(self, learner: "Learner | None", network: Network | Medium, round_: int) -> None:
        """Say what was set up: the network, and who holds which classes."""
        told = ", ".join(f"{key} {_short(value)}" for key, value in network.describe().items() if key in TOLD)
        self._say(f"network: {told}")
        if learner is not None:
            self._say(learner.description)
            if round_ == 0:
                self._show(class_table(learner.class_counts))
            else:
                self._say(f"resumed: {round_} rounds are done")
        self._began, self._first, self._events = time.monotonic(), round_, network.events
        self._bar.update(self._task, description="round", total=self._rounds, completed=round_)

    def noted(self, line: str) -> None:
        """Something worth a line."""
        self._say(line)

    def trained(self, outcome: "Outcome", watch: Stopwatch, events: int) -> None:
        """A round of a run is done."""
        accuracy = float(outcome.accuracy.mean())
        self._accuracy = self._accuracy if math.isnan(accuracy) else accuracy
        words = [f"accuracy {self._accuracy:.3f}", f"loss {_mean(outcome):.3f}"]
        self._network_s += watch.seconds["simulation"]
        if events > self._events:
            words.append(f"{(events - self._events) / self._network_s:,.0f} events/s")
        self._advance(outcome.round_, outcome.exchange, words)

    def recorded(self, round_: int, exchange: Exchange, events: int) -> None:
        """A round of a recording is done."""
        speed = (events - self._events) / max(time.monotonic() - self._began, 1e-9)
        self._advance(round_, exchange, [f"{speed:,.0f} events/s"] if events else [])

    def _advance(self, round_: int, exchange: Exchange, words: list[str]) -> None:
        elapsed = max(time.monotonic() - self._began, 1e-9)
        words = [f"{exchange.closed_ns / 1e9:.2f} s simulated", f"density {exchange.density:.2f}", *words]
        told = "  ".join(words)
        self._bar.update(self._task, completed=round_ + 1, told=told)
        every = max(1, self._rounds // PLAIN_LINES)
        if self._bar.disable and ((round_ + 1) % every == 0 or round_ + 1 == self._rounds):
            left = elapsed / (round_ + 1 - self._first) * (self._rounds - round_ - 1)
            print(f"round {round_ + 1}/{self._rounds}  {told}  {left:.0f} s left", flush=True)

    def _say(self, line: str) -> None:
        if self._bar.disable:
            print(line, flush=True)
        else:
            self._console.print(line, markup=False, highlight=False)

    def _show(self, table: Table) -> None:
        console = Console(width=100) if self._bar.disable else self._console
        console.print(table)


def _mean(outcome: "Outcome") -> float:
    """Loss of the devices that trained."""
    return float(outcome.losses.numpy()[outcome.trained].mean()) if outcome.trained.any() else math.nan


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
