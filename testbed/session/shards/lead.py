"""A sharded run from round to round, as `Barrier` does it in one process.

The process that leads keeps the network, the clock and the mixing weights; the shards keep models and state. In a round
no model comes to the lead: messages go from shard to shard, the mean model is summed up on a vector that goes through
all of them, and of the rest it gets a few numbers for each device. What stands after the round stays where the shards'
answers are kept, so that the death of a shard costs only the round that it was in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from testbed.algorithms import Algorithm, State
from testbed.errors import UserError
from testbed.scenario import Scenario
from testbed.session.air import Carried, Carrier, Moment
from testbed.session.barrier import Outcome, Standing, is_evaluated, weights_of
from testbed.session.divergence import check_found
from testbed.session.observer import Observer
from testbed.session.shards.crew import Answer, Crew, Lost
from testbed.session.shards.shard import MODELS, Kept, Measured, Told
from testbed.session.stopwatch import Stopwatch
from testbed.session.theory import root_mean, spectral_gap

ATTEMPTS = 4
"""At a round: whoever dies in each of them will die in the next one, too."""


@dataclass(frozen=True)
class Spread:
    """As `Standing`, with models and state kept by the crew until somebody wants them here."""

    round_: int
    clock_ns: int
    used_j: NDArray[np.float64]
    kept: Sequence[Answer]
    crew: Crew

    @property
    def moment(self) -> Moment:
        return Moment(self.round_, self.clock_ns, self.used_j)

    def here(self) -> Standing:
        """Of all devices, in this process."""
        parts: list[Kept] = self.crew.read(list(self.kept))
        whole: State = {name: torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]}
        return Standing(self.round_, self.clock_ns, whole.pop(MODELS), whole, self.used_j)


class Lead:
    """Steps from one standing to the next."""

    def __init__(
        self, scenario: Scenario, algorithm: Algorithm, carrier: Carrier, crew: Crew, observer: Observer
    ) -> None:
        self._scenario, self._algorithm, self._carrier, self._crew = scenario, algorithm, carrier, crew
        self._observer, self._carried = observer, dict[int, Carried]()
        self.columns = list[str]()
        """What is reported per device, beside what every run reports; known from the start on."""

    def start(self) -> Spread:
        """Before the first round: the common initial model on every device."""
        self.columns = self._crew.read(self._all("start"))[0]
        return Spread(0, 0, np.zeros(self._scenario.devices.count), self._all("kept"), self._crew)

    def resume(self, standing: Standing) -> Spread:
        """From a standing of all devices."""
        kept = []
        for rows in self._crew.shards:
            tensors = {MODELS: standing.models, **standing.state}
            kept.append(self._crew.share({name: tensor[rows].numpy() for name, tensor in tensors.items()}))
        self._restore(kept)
        return Spread(standing.round_, standing.clock_ns, standing.used_j, kept, self._crew)

    def step(self, standing: Spread, watch: Stopwatch) -> tuple[Spread, Outcome]:
        """Run one round; again, from its beginning, where somebody dies in it."""
        for _ in range(ATTEMPTS):
            try:
                return self._step(standing, watch)
            except Lost as lost:
                self._observer.noted(f"round {standing.round_} begins again: {lost}")
                self._crew.revive()
                self._restore(standing.kept)
        raise UserError(
            f"Round {standing.round_} was begun {ATTEMPTS} times, and each time a shard died in it (memory? see Ray's "
            "logs). --resume goes on from the last checkpoint, with another --shards if you like."
        )

    def _step(self, standing: Spread, watch: Stopwatch) -> tuple[Spread, Outcome]:
        self._carrier.expect(standing.moment)
        self._all("train", standing.round_)
        with watch("network"):
            carried = self._carry(standing)
        watch.seconds["simulation"] += carried.seconds
        weights = weights_of(carried, self._algorithm)
        told = self._crew.share(self._told(carried, weights))
        for exchange in range(len(weights)):
            messages = self._all("send", told, exchange)
            self._all("mix", told, exchange, *messages)
        total = None
        for shard in range(len(self._crew.shards)):
            total = self._crew.ask(shard, "add", total)
        measured, kept = self._all("measure", told, total), self._all("kept")
        parts: list[Measured] = self._crew.read(measured)
        self._time(parts, watch)
        outcome = self._outcome(carried, parts, spectral_gap(weights[0]))
        after = carried.after
        return Spread(after.round_, after.clock_ns, after.used_j, kept, self._crew), outcome

    def _all(self, method: str, *arguments: Any) -> list[Answer]:
        return [self._crew.ask(shard, method, *arguments) for shard in range(len(self._crew.shards))]

    def _restore(self, kept: Sequence[Answer]) -> None:
        asked = [self._crew.ask(shard, "restore", part) for shard, part in enumerate(kept)]
        self.columns = self._crew.read(asked)[0]

    def _carry(self, standing: Spread) -> Carried:
        """A round that begins again was carried before."""
        if standing.round_ not in self._carried:
            self._carried = {standing.round_: self._carrier.carry(standing.moment)}
        return self._carried[standing.round_]

    def _told(self, carried: Carried, weights: list[Tensor]) -> Told:
        return Told(
            round_=carried.moment.round_,
            trained=carried.trained,
            mixing=carried.mixing,
            seconds=carried.exchange.travel_s(),
            weights=[each.numpy() for each in weights],
            evaluated=is_evaluated(carried, self._scenario),
        )

    def _time(self, parts: list[Measured], watch: Stopwatch) -> None:
        """Each part of a round takes as long as the slowest shard."""
        for name in parts[0].seconds:
            watch.seconds[name] += max(part.seconds.get(name, 0.0) for part in parts)

    def _outcome(self, carried: Carried, parts: list[Measured], gap: float) -> Outcome:
        losses, round_, run = _whole(parts, "losses"), carried.moment.round_, self._scenario.run
        broken = next((part.broken for part in parts if part.broken is not None), None)
        check_found(broken, losses, round_, run.loss_bound)
        report = {name: torch.from_numpy(np.concatenate([p.report[name] for p in parts])) for name in parts[0].report}
        return Outcome(
            round_=round_,
            outbox=carried.outbox,
            exchange=carried.exchange,
            compute_ns=carried.compute_ns,
            compute_j=carried.compute_j,
            battery_j=carried.battery_j,
            trained=carried.trained,
            losses=losses,
            accuracy=_whole(parts, "accuracy"),
            consensus_distance=root_mean(_whole(parts, "squares")),
            spectral_gap=gap,
            mean_size=float(_whole(parts, "sizes").mean()),
            small_share=float(_whole(parts, "small").sum() / sum(part.values for part in parts)),
            report=report,
            events=carried.events,
        )


def _whole(parts: list[Measured], name: str) -> Tensor:
    """Of all devices, in their order."""
    return torch.from_numpy(np.concatenate([getattr(part, name) for part in parts]))
