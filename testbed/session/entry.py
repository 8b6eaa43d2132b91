"""`run`: from a scenario to a run directory."""

import shlex
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from testbed.errors import UserError
from testbed.network import connect_medium
from testbed.results import Run, manifest
from testbed.scenario import Scenario, dumps, fingerprint, load
from testbed.session import cached, checkpoint, demands
from testbed.session.ahead import Ahead
from testbed.session.air import Air
from testbed.session.barrier import Barrier, Standing, Steps
from testbed.session.learner import Learner
from testbed.session.observer import Observer
from testbed.session.periods import Periods
from testbed.session.recorder import Recorder
from testbed.session.recording import header_of, is_over, is_taken
from testbed.session.shards import Lead, Lost, Ray, refuse, sharded
from testbed.session.stopwatch import Stopwatch
from testbed.tables import write_whole
from testbed.trace import read

SCENARIO = "scenario.toml"


def run(
    scenario: Scenario,
    out: Path,
    *,
    resume: bool = False,
    data_dir: Path | None = None,
    recording: Path | None = None,
    observer: Observer | None = None,
    command: str | None = None,
    engine: Ray | None = None,
) -> Run:
    """Train as `scenario` says; write tables, trace and checkpoint to the run directory `out`.

    `recording`: a folder with one of the live network of this scenario, which is then not simulated again but where
    it is asked for something else than was recorded; in place of the cache of airs.

    `resume` goes on with an unfinished run in `out`, and ends with the tables of an unbroken one. `engine`: who trains;
    by default this process, for all devices. The tables do not depend on it.
    Raises UserError for what cannot be had (data, engine) and for an `out` that holds something else;
    nothing is written before all is known to be there.
    """
    began, observer = time.monotonic(), observer or Observer()
    if _is_finished(scenario, out, resume):
        return Run(out)
    saved, origin = checkpoint.load(out / "checkpoint"), _origin(scenario, out, command)
    torch.set_num_threads(origin["threads"])
    learner = Learner(scenario, data_dir)
    if engine is not None:
        refuse(scenario, learner.algorithm)
    begun = _Begun(scenario, out, learner, saved, origin, observer, began)
    if scenario.run.mode != "barrier":
        return _run_periods(begun)
    try:
        return _run_rounds(begun, engine, data_dir, recording)
    except Lost as lost:
        observer.noted(f"the run goes on from its last checkpoint: {lost}")
        options: dict[str, Any] = {"data_dir": data_dir, "recording": recording, "observer": observer}
        return run(scenario, out, resume=True, command=command, engine=engine, **options)


@dataclass(frozen=True)
class _Begun:
    """A run that is known to be possible, of which nothing is written yet."""

    scenario: Scenario
    out: Path
    learner: Learner
    saved: Standing | None
    """What it goes on from, if it was begun before."""
    origin: dict[str, Any]
    """The manifest."""
    observer: Observer
    began: float
    """By the monotonic clock."""

    def train(self, steps: Steps, air: Air | Periods, columns: Sequence[str], standing: Any) -> int:
        """All rounds that are left, from `standing` on, into tables, trace and checkpoint; returns how many there are.

        Raises UserError for a network that does not do for the algorithm.
        """
        scenario, network = self.scenario, air.network
        self.observer.started(self.learner, network, standing.round_)
        demands.hold(scenario, self.learner.algorithm, network, self.observer)
        self.out.mkdir(parents=True, exist_ok=True)
        write_whole(self.out / SCENARIO, dumps(scenario).encode())
        header, checkpoint_s = header_of(scenario, network), scenario.output.checkpoint_s
        events = isinstance(steps, Periods)
        recorder = Recorder(self.out, self.origin, header, columns, standing, checkpoint_s, self.began, events=events)
        _train(scenario.run.rounds, steps, air, recorder, self.observer)
        return recorder.standing.round_


def _run_rounds(begun: _Begun, engine: Ray | None, data_dir: Path | None, recording: Path | None) -> Run:
    """`run` in `barrier` mode. Raises Lost where the last checkpoint is all that is left of the shards."""
    scenario, learner, saved, observer = begun.scenario, begun.learner, begun.saved, begun.observer
    remembered = cached.find(scenario, learner.workload, observer, recording)
    begun.origin.setdefault("rounds_from_cache", min(len(remembered or ()), scenario.run.rounds))
    with closing(cached.network(scenario, remembered)) as network, ExitStack() as stack:
        air = Air(scenario, learner.workload, network)
        ahead = _is_live(scenario) and not learner.workload.dynamic
        carrier = stack.enter_context(closing(Ahead(air, scenario.run.rounds))) if ahead else air
        barrier: Barrier | Lead = Barrier(scenario, learner, carrier)
        if engine is not None:
            barrier = stack.enter_context(sharded(engine, scenario, learner, carrier, data_dir, observer))
        standing = barrier.start() if saved is None else barrier.resume(saved)
        _verify(air, begun.out / "trace", standing.round_, learner.workload.dynamic)
        rounds = begun.train(barrier, air, barrier.columns, standing)
    if recording is None:
        cached.keep(scenario, learner.workload, begun.out / "trace", rounds, observer)
    return Run(begun.out)


def _run_periods(begun: _Begun) -> Run:
    """`run` in the event-driven modes."""
    with closing(connect_medium(begun.scenario)) as medium:
        periods = Periods(begun.scenario, begun.learner, medium)
        standing = begun.saved or periods.start()
        periods.resume(begun.out / "trace", standing.round_)
        begun.train(periods, periods, periods.columns(standing), standing)
    return Run(begun.out)


def _train(rounds: int, barrier: Steps, air: Air | Periods, recorder: Recorder, observer: Observer) -> None:
    watch, events = Stopwatch(), air.network.events
    try:
        while not is_over(rounds, air, recorder.standing.moment, observer):
            standing, outcome = barrier.step(recorder.standing, watch)
            events += outcome.events
            recorder.append(outcome, standing, watch, outcome.events)
            observer.trained(outcome, watch, events)
            watch = Stopwatch()
            with watch("writing"):
                recorder.checkpoint()
        recorder.finish()
    except BaseException as error:
        recorder.stop(f"{type(error).__name__}: {error}")
        raise


def _is_live(scenario: Scenario) -> bool:
    """Whether the network takes its time, in another process; the others answer at once."""
    return scenario.network.kind == "ns3"


def _is_finished(scenario: Scenario, out: Path, resume: bool) -> bool:
    """Whether `out` holds this run, finished. Raises UserError if it cannot be written to, or holds anything else."""
    file = out / SCENARIO
    if not is_taken(out) or (not Run.is_one(out) and {each.name for each in out.iterdir()} == {SCENARIO}):
        return False
    if not file.exists():
        raise UserError(f"{out} holds files that are not of a run: choose another folder.")
    if not resume:
        raise UserError(f"{out} holds a run: add --resume to go on with it, or choose another folder.")
    if fingerprint(load(file)) != fingerprint(scenario):
        raise UserError(f"{out} holds a run of another scenario (see {file}): choose another folder.")
    if Run.is_one(out) and Run(out).manifest["scenario_sha256"] != fingerprint(scenario):
        raise UserError(
            f"{out} holds a run of files that have changed since, those that its scenario names (algorithm, trace, "
            "graph ...) or testbed's own keys: choose another folder."
        )
    return Run.is_one(out) and Run(out).finished


def _origin(scenario: Scenario, out: Path, command: str | None) -> dict[str, Any]:
    """The manifest: of the run as it was begun, if it is resumed."""
    if Run.is_one(out):
        return Run(out).manifest
    said = command or shlex.join(["testbed", "run", str(out / SCENARIO)])
    return manifest(fingerprint(scenario), scenario.run.seed, torch.get_num_threads(), said)


def _verify(air: Air, trace: Path, rounds: int, dynamic: bool) -> None:
    """Let the network live through the last finished round again: it has to do what it did.

    A round depends on the scenario, its number and its messages, not on the rounds before, so one is enough. Messages
    whose sizes are `dynamic` have those that were recorded.
    """
    if rounds == 0:
        return
    recorded, last = read(trace), rounds - 1
    moment, outbox = air.follow(recorded.exchanges[:last]), recorded.outboxes[last]
    sizes = np.zeros(recorded.header.nodes, np.int64)
    sizes[outbox.src] = outbox.size_bytes
    if air.carry(moment, sizes if dynamic else None).exchange != recorded.exchanges[last]:
        raise UserError(
            f"Round {last} came out otherwise than recorded in {trace}: the network or its version has changed. "
            "Begin the run again in another folder."
        )
