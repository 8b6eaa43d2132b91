"""One round in `barrier` mode: all devices train, send, wait for the round to close, and mix.

The virtual clock is an integer of nanoseconds. A round opens when the last one closed; its length is decided
by the devices' compute times and the network, and by nothing that happens on the host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.aggregation import metropolis
from testbed.algorithms import State
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Exchange, Outbox
from testbed.network import Network
from testbed.scenario import Scenario
from testbed.session.learner import Learner, Workload
from testbed.session.stopwatch import Stopwatch


@dataclass(frozen=True)
class Standing:
    """All that stands between two rounds: with it and the scenario, the next round is decided."""

    round_: int
    """The round that comes next."""
    clock_ns: int
    models: Tensor
    """(devices, parameters)."""
    state: State


@dataclass(frozen=True)
class Outcome:
    """What one round did; arrays have one value per device."""

    round_: int
    outbox: Outbox
    exchange: Exchange
    compute_ns: NDArray[np.int64]
    compute_j: NDArray[np.float64]
    losses: Tensor
    accuracy: Tensor
    """NaN where the round was not evaluated."""
    consensus_distance: float
    report: Mapping[str, Tensor]
    events: Sequence[tuple[int, int, str, int, int]] | None = None
    """Rows of the table of events, in the event-driven modes."""


class Barrier:
    """Steps from one standing to the next."""

    def __init__(self, scenario: Scenario, learner: Learner, network: Network) -> None:
        self._scenario, self._network = scenario, network
        self._fleet, self._algorithm, self._work = learner.fleet, learner.algorithm, learner.workload

    def start(self) -> Standing:
        """Before the first round: the common initial model on every device."""
        models = self._fleet.start()
        return Standing(0, 0, models, self._algorithm.start(models))

    def step(self, standing: Standing, watch: Stopwatch) -> tuple[Standing, Outcome]:
        """Run one round."""
        round_, models = standing.round_, standing.models
        with watch("training"):
            updates, losses = self._fleet.updates(models, round_)
        with watch("network"):
            outbox, exchange = carry(self._network, self._work, round_, standing.clock_ns)
        with watch("mixing"):
            weights = metropolis(torch.from_numpy(exchange.neighbours()), torch.from_numpy(exchange.delivered()))
            messages = self._algorithm.message(models, updates)
            models, state = self._algorithm.mix(models, updates, messages, weights, standing.state)
        with watch("evaluation"):
            accuracy = self._accuracy(round_, models)
            distance = consensus_distance(models)
        report = self._algorithm.report(state)
        outcome = Outcome(
            round_, outbox, exchange, self._work.compute_ns, self._work.compute_j, losses, accuracy, distance, report
        )
        return Standing(round_ + 1, exchange.closed_ns, models, state), outcome

    def _accuracy(self, round_: int, models: Tensor) -> Tensor:
        output, rounds = self._scenario.output, self._scenario.run.rounds
        due = (round_ + 1) % output.eval_every == 0 or round_ + 1 == rounds
        return self._fleet.accuracy(models, output.eval_samples) if due else torch.full((len(models),), torch.nan)


def carry(network: Network, work: Workload, round_: int, opened_ns: int) -> tuple[Outbox, Exchange]:
    """One message from every device to all its neighbours, and what became of them.

    The barrier waits for the training of all devices, also of those that send nothing.
    """
    ready_ns = opened_ns + work.compute_ns
    senders = np.arange(len(ready_ns) if work.message_bytes else 0)
    outbox = Outbox.of(
        src=senders,
        dst=np.full(len(senders), ALL_NEIGHBOURS),
        size_bytes=np.full(len(senders), work.message_bytes),
        ready_ns=ready_ns[senders],
    )
    exchange = network.exchange(round_, opened_ns, outbox, ALL_PRESENT)
    return outbox, replace(exchange, closed_ns=max(exchange.closed_ns, int(ready_ns.max())))


def consensus_distance(models: Tensor) -> float:
    """Root mean square over devices of the distance to the mean model."""
    return float((models - models.mean(0)).square().sum(1).mean().sqrt())
