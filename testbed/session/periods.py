"""The event-driven modes, `local` and `async`, as the session runs them: period by period.

A period is `run.period_s` of simulated time and a row of the tables, as a round is in `barrier` mode. Its timing
comes first, without training (`timing`); then the learning follows it (`follower`).
"""

from pathlib import Path

import torch
from torch import Tensor

from testbed.algorithms import State
from testbed.errors import UserError
from testbed.network import Medium
from testbed.scenario import Scenario
from testbed.session.barrier import Outcome, Standing
from testbed.session.divergence import check
from testbed.session.follower import Follower
from testbed.session.learner import Learning, Workload
from testbed.session.presence import Presence
from testbed.session.stopwatch import Stopwatch
from testbed.session.theory import consensus_distance, mean_size, small_share
from testbed.session.timing import Local, Pairs, Period, Setting
from testbed.session.timing.meters import COLUMNS
from testbed.trace import read

AnyTimeline = Local | Pairs
MODES: dict[str, type[Local] | type[Pairs]] = {"local": Local, "async": Pairs}


def timeline(scenario: Scenario, work: Workload, medium: Medium, presence: Presence) -> AnyTimeline:
    """The timing of a scenario, before its first period.

    Devices begin to train when the first hellos are out, where the network has such: before that nobody has
    neighbours.
    """
    run, count = scenario.run, scenario.devices.count
    deadlines_s = run.deadlines_s()
    setting = Setting(
        period_ns=presence.period_ns,
        compute_ns=work.device_ns,
        deadlines_ns=tuple(round(deadlines_s[device % len(deadlines_s)] * 1e9) for device in range(count)),
        message_bytes=tuple(work.message_bytes.max(0).tolist()),
        absences=presence.absences,
        close=presence.close,
        start_ns=round(medium.describe().get("hello_s", 0.0) * 1e9),
        seed=run.seed,
    )
    return MODES[run.mode](medium, setting)


class Periods:
    """Steps from one standing to the next, as `Barrier` does."""

    def __init__(self, scenario: Scenario, learner: Learning, medium: Medium) -> None:
        self._scenario, self._learner = scenario, learner
        self.network, self._presence = medium, Presence(scenario, learner.workload)
        self.over = self._presence.over
        self._timeline = timeline(scenario, learner.workload, medium, self._presence)
        self._follower: Follower | None = None

    def start(self) -> Standing:
        """Before the first period: the common initial model on every device."""
        models = self._learner.algorithm.first(self._learner.fleet.start())
        return Standing(0, 0, models, self._learner.algorithm.start(models), self._presence.used_j)

    def resume(self, trace: Path, periods: int) -> None:
        """Live through the periods that are done again, without training: they have to come out as recorded."""
        live_through(self._timeline, trace, periods)

    def columns(self, standing: Standing) -> list[str]:
        """What is reported per device, beside what every mode reports."""
        return [*self._learner.algorithm.report(standing.state), *COLUMNS]

    def step(self, standing: Standing, watch: Stopwatch) -> tuple[Standing, Outcome]:
        """Run one period."""
        if self._follower is None:
            self._follower = Follower(self._learner.fleet, self._learner.algorithm, standing.models, standing.state)
        before = self.network.events
        with watch("network"), watch("simulation"):
            period = self._timeline.period()
        losses = self._follower.follow(period.acts, watch)
        models, state = self._follower.models.clone(), self._follower.state()
        with watch("evaluation"):
            accuracy = self._accuracy(standing.round_, models)
            theory = consensus_distance(models), float("nan"), mean_size(models), small_share(models)
        check(models, losses, standing.round_, self._scenario.run.loss_bound)
        report, events = self._learner.algorithm.report(state), self.network.events - before
        outcome = self._outcome(standing.round_, period, losses, accuracy, theory, report, events)
        after = Standing(standing.round_ + 1, period.exchange.closed_ns, models, state, self._presence.used_j)
        return after, outcome

    def _accuracy(self, round_: int, models: Tensor) -> Tensor:
        output, rounds = self._scenario.output, self._scenario.run.rounds
        last = round_ + 1 == rounds or self.over(self._presence.used_j)
        due, fleet = (round_ + 1) % output.eval_every == 0 or last, self._learner.fleet
        return fleet.accuracy(models, output.eval_samples) if due else torch.full((len(models),), torch.nan)

    def _outcome(
        self,
        round_: int,
        period: Period,
        losses: Tensor,
        accuracy: Tensor,
        theory: tuple[float, float, float, float],
        report: State,
        events: int,
    ) -> Outcome:
        meters = period.meters
        return Outcome(
            round_=round_,
            outbox=period.outbox,
            exchange=period.exchange,
            compute_ns=meters.compute_ns,
            compute_j=self._presence.compute_j(meters.compute_ns),
            battery_j=self._presence.left_j(),
            trained=meters.counted("steps") > 0,
            losses=losses,
            accuracy=accuracy,
            consensus_distance=theory[0],
            spectral_gap=theory[1],
            mean_size=theory[2],
            small_share=theory[3],
            report={**report, **{name: torch.from_numpy(column) for name, column in meters.columns().items()}},
            events=events,
            timeline=period.events,
        )


def live_through(timeline: AnyTimeline, trace: Path, periods: int) -> None:
    """The periods that a recorded trace holds, once more. Raises UserError where one comes out otherwise."""
    recorded = read(trace) if periods else None
    for number in range(periods):
        assert recorded is not None
        period = timeline.period()
        if (period.outbox, period.exchange) != (recorded.outboxes[number], recorded.exchanges[number]):
            raise UserError(
                f"Period {number} came out otherwise than recorded in {trace}: the network or its version has "
                "changed. Begin the run again in another folder."
            )
