"""One round in `barrier` mode: all devices train, send, wait for the round to close, and mix.

The virtual clock is an integer of nanoseconds. A round opens when the last one closed; its length is decided
by the devices' compute times and the network, and by nothing that happens on the host. Who has a part in a round
is decided in `air`; a device that has none keeps its model and its state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.algorithms import Algorithm, State, Training
from testbed.exchange import Exchange, Outbox
from testbed.scenario import Scenario
from testbed.session.air import Carried, Carrier, Moment, Sizes
from testbed.session.divergence import check
from testbed.session.learner import Learning
from testbed.session.stopwatch import Stopwatch
from testbed.session.theory import consensus_distance, mean_size, small_share, spectral_gap
from testbed.session.training import Trainer, finished, without_velocity
from testbed.threads import sparing


@dataclass(frozen=True)
class Standing:
    """All that stands between two rounds: with it and the scenario, the next round is decided."""

    round_: int
    """The round that comes next."""
    clock_ns: int
    models: Tensor
    """(devices, parameters)."""
    state: State
    used_j: NDArray[np.float64]
    """(devices,) energy used so far."""

    @property
    def moment(self) -> Moment:
        """What of it the network depends on."""
        return Moment(self.round_, self.clock_ns, self.used_j)

    def here(self) -> "Standing":
        """With all models in this process, as they are."""
        return self


class Stands(Protocol):
    """A standing, wherever the models are."""

    @property
    def round_(self) -> int: ...

    @property
    def moment(self) -> Moment: ...

    def here(self) -> Standing:
        """With all models in this process."""


@dataclass(frozen=True)
class Outcome:
    """What one round did; arrays have one value per device."""

    round_: int
    outbox: Outbox
    exchange: Exchange
    compute_ns: NDArray[np.int64]
    compute_j: NDArray[np.float64]
    battery_j: NDArray[np.float64]
    """What is left; NaN without a battery."""
    trained: NDArray[np.bool_]
    losses: Tensor
    """NaN where a device did not train."""
    accuracy: Tensor
    """NaN where the round was not evaluated."""
    consensus_distance: float
    spectral_gap: float
    """Of the mixing weights; NaN where they are not those of one exchange of all."""
    mean_size: float
    small_share: float
    report: Mapping[str, Tensor]
    events: int = 0
    """Of the simulator, for this round."""
    timeline: Sequence[tuple[int, int, str, int, int]] | None = None
    """Rows of the table of events, in the event-driven modes."""


class Steps(Protocol):
    """Whoever steps from one standing to the next."""

    def step(self, standing: Any, watch: Stopwatch) -> "tuple[Stands, Outcome]":
        """Run one round, or period, from a standing that it made itself."""


class Barrier:
    """Steps from one standing to the next."""

    def __init__(self, scenario: Scenario, learner: Learning, carrier: Carrier) -> None:
        self._scenario, self._carrier = scenario, carrier
        self._fleet, self._algorithm = learner.fleet, learner.algorithm
        self._trainer = Trainer(learner.fleet, learner.algorithm)
        self.columns = list[str]()
        """What is reported per device, beside what every run reports; known from the start on."""

    def start(self) -> Standing:
        """Before the first round: the common initial model on every device."""
        models = self._algorithm.first(self._fleet.start())
        return self.resume(Standing(0, 0, models, self._trainer.start(models), np.zeros(len(models))))

    def resume(self, standing: Standing) -> Standing:
        """From one that was saved."""
        self.columns = list(self._algorithm.report(standing.state))
        return standing

    def step(self, standing: Standing, watch: Stopwatch) -> tuple[Standing, Outcome]:
        """Run one round."""
        with sparing(int(self._carrier.expect(standing.moment))):
            return self._step(standing, watch)

    def _step(self, standing: Standing, watch: Stopwatch) -> tuple[Standing, Outcome]:
        round_, models, state = standing.round_, standing.models, standing.state
        with watch("training"):
            trained = self._trainer.train(models, state, round_)
        with watch("network"):
            carried = self._carrier.carry(standing.moment, self._sizes(trained[0], state))
        watch.seconds["simulation"] += carried.seconds
        with watch("mixing"):
            training, losses, velocity = finished(
                trained, carried.trained, state, self._algorithm.fresh(without_velocity(state))
            )
            seconds = torch.from_numpy(carried.exchange.travel_s())
            training = replace(training, losses=losses, seconds=seconds, samples=self._samples(training))
            weights = weights_of(carried, self._algorithm)
            mixed, following = self._mix(training, weights, without_velocity(state))
            models, state = of_those(carried.mixing, (mixed, following | velocity), (models, state))
        with watch("evaluation"):
            accuracy = self._accuracy(carried, models)
            theory = consensus_distance(models), spectral_gap(weights[0]), mean_size(models), small_share(models)
        check(models, losses, round_, self._scenario.run.loss_bound)
        after, report = carried.after, self._algorithm.report(state)
        outcome = Outcome(
            round_, carried.outbox, carried.exchange, carried.compute_ns, carried.compute_j, carried.battery_j,
            carried.trained, losses, accuracy, *theory, report, carried.events,
        )  # fmt: skip
        return Standing(after.round_, after.clock_ns, models, state, after.used_j), outcome

    def _samples(self, training: Training) -> list[Tensor]:
        """Losses of all training samples, where they are to be known."""
        if not self._algorithm.measures or training.round_ > 0:
            return []
        return self._fleet.sample_losses(training.trained)

    def _sizes(self, training: Training, state: State) -> Sizes | None:
        """Of the messages, where they depend on what is learnt."""
        if not self._algorithm.dynamic:
            return None
        sizes: Sizes = self._algorithm.sent_bytes(training, without_velocity(state)).numpy()
        return sizes

    def _mix(self, training: Training, weights: Sequence[Tensor], state: State) -> tuple[Tensor, State]:
        """One exchange after the other; what the last one makes of the models counts."""
        models = training.models
        for each in weights:
            messages = self._algorithm.message(training, state)
            models, state = self._algorithm.mix(training, messages, each, state)
        return models, state

    def _accuracy(self, carried: Carried, models: Tensor) -> Tensor:
        due, samples = is_evaluated(carried, self._scenario), self._scenario.output.eval_samples
        return self._fleet.accuracy(models, samples) if due else torch.full((len(models),), torch.nan)


def weights_of(carried: Carried, algorithm: Algorithm) -> list[Tensor]:
    """The algorithm's weights in each exchange of a round, of what arrived, or among those that take part."""
    if not algorithm.needs_air:
        return [algorithm.without_air(torch.from_numpy(carried.mixing))] * algorithm.exchanges
    neighbours, weights = torch.from_numpy(carried.exchange.neighbours()), list[Tensor]()
    for exchange in range(algorithm.exchanges):
        delivered = carried.exchange.delivered(exchange)
        if algorithm.whole_rounds:
            delivered &= carried.mixing & carried.mixing[:, None]
        weights.append(algorithm.weights(neighbours, torch.from_numpy(delivered), carried.moment.round_))
    return weights


def is_evaluated(carried: Carried, scenario: Scenario) -> bool:
    """Whether accuracy is measured in that round: every `output.eval_every`, and in the last one."""
    done = carried.after.round_
    last = done == scenario.run.rounds or bool((carried.battery_j == 0).all())
    return done % scenario.output.eval_every == 0 or last


def of_those(mixing: NDArray[np.bool_], new: tuple[Tensor, State], old: tuple[Tensor, State]) -> tuple[Tensor, State]:
    """New models and state of those that mix; the others keep theirs."""
    if mixing.all():
        return new
    rows = torch.from_numpy(mixing)

    def choose(after: Tensor, before: Tensor) -> Tensor:
        return torch.where(rows.view(-1, *[1] * (after.ndim - 1)), after, before)

    return choose(new[0], old[0]), {name: choose(tensor, old[1][name]) for name, tensor in new[1].items()}
