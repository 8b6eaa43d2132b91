"""`record`: the network of a scenario as a trace, and what a recording has in common with a run."""

from contextlib import closing
from pathlib import Path

from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.network import Medium, Network, connect_medium
from testbed.scenario import Scenario, fingerprint
from testbed.session import cached
from testbed.session.air import Air, Moment
from testbed.session.learner import Workload, workload
from testbed.session.observer import Observer
from testbed.session.periods import Periods, live_through, timeline
from testbed.session.presence import Presence
from testbed.tables import is_begun
from testbed.trace import Header, Trace, TraceWriter, read
from testbed.trace import header as read_header
from testbed.trace.files import HEADER
from testbed.trace.writer import discard_streams, require_present


def record(scenario: Scenario, out: Path, *, resume: bool = False, observer: Observer | None = None) -> Trace:
    """Record the network of `scenario` into the trace folder `out`, without training.

    The messages are those that a run of the scenario would send: their sizes and times are known ahead.
    `resume` goes on with an unfinished recording in `out`.
    """
    if not resume and is_taken(out):
        raise UserError(f"{out} is there already: add --resume to go on with it, or choose another folder.")
    observer, work = observer or Observer(), workload(scenario)
    if work.dynamic:
        raise UserError(
            "What is sent depends on what is learnt (lora.policy), so that nothing can be recorded without training: "
            "`testbed run` leaves a trace in its run directory."
        )
    if scenario.run.mode != "barrier":
        return _record_periods(scenario, out, work, observer)
    with closing(cached.network(scenario, cached.find(scenario, work, observer))) as network:
        header, air = header_of(scenario, network), Air(scenario, work, network)
        finished, done = _recorded(out, header)
        if finished:
            return read(out)
        observer.started(None, network, len(done))
        writer, moment = TraceWriter(out, header, len(done)), air.follow(done)
        with closing(writer):
            while not is_over(scenario.run.rounds, air, moment, observer):
                carried = air.carry(moment)
                writer.append(moment.round_, carried.outbox, carried.exchange)
                observer.recorded(moment.round_, carried.exchange, network.events)
                moment = carried.after
        writer.finish()
        writer.discard()
    cached.keep(scenario, work, out, moment.round_, observer)
    return read(out)


def _record_periods(scenario: Scenario, out: Path, work: Workload, observer: Observer) -> Trace:
    """`record` in the event-driven modes: what was recorded before is lived through again."""
    with closing(connect_medium(scenario)) as medium:
        header, presence = header_of(scenario, medium), Presence(scenario, work)
        finished, before = _recorded(out, header)
        if finished:
            return read(out)
        periods, done = timeline(scenario, work, medium, presence), len(before)
        live_through(periods, out, done)
        observer.started(None, medium, done)
        writer = TraceWriter(out, header, done)
        with closing(writer):
            for number in range(done, scenario.run.rounds):
                if presence.over(presence.used_j):
                    break
                period = periods.period()
                writer.append(number, period.outbox, period.exchange)
                observer.recorded(number, period.exchange, medium.events)
        writer.finish()
        writer.discard()
    return read(out)


def _recorded(out: Path, header: Header) -> tuple[bool, tuple[Exchange, ...]]:
    """Whether the recording in `out` is finished; if not, the rounds it has so far."""
    if not (out / HEADER).is_file() or not is_begun(out, "rounds"):
        return False, ()
    require_present(out)
    found = read_header(out)
    if not found.like(header):
        raise UserError(f"{out} holds a trace of another scenario: choose another folder.")
    if found.checksums:
        discard_streams(out)  # a kill may have left them
        return True, ()
    return False, read(out).exchanges


def is_over(rounds: int, air: Air | Periods, moment: Moment, observer: Observer) -> bool:
    """Whether all rounds are done, or all batteries empty, after which nothing more can happen."""
    if moment.round_ < rounds and air.over(moment.used_j):
        observer.noted(f"the batteries of all devices are empty after {moment.round_} rounds: here it ends")
        return True
    return moment.round_ >= rounds


def is_taken(out: Path) -> bool:
    """Whether the folder holds anything but what a kill may have left of its first file."""
    try:
        return out.exists() and any(each.suffix != ".new" for each in out.iterdir())
    except NotADirectoryError:
        raise UserError(f"{out} is a file: choose another folder.") from None


def header_of(scenario: Scenario, network: Network | Medium) -> Header:
    return Header(
        nodes=scenario.devices.count,
        seed=scenario.run.seed,
        network=network.describe(),
        scenario=fingerprint(scenario),
        provenance=({"step": "record"},),
    )
