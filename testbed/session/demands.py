"""What an algorithm asks of the network, held against what is known of that before the first round.

What cannot be known ahead is passed over: the links of a live air that nobody has simulated yet, what will be lost.
"""

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

from testbed.algorithms import Algorithm
from testbed.algorithms.common.algorithm import Demand
from testbed.errors import UserError
from testbed.network import Medium, Network
from testbed.scenario import Scenario
from testbed.session.foreknown import Seen, look
from testbed.session.observer import Observer

Name = Literal["joined", "symmetric", "connected", "fixed"]
WISHES: dict[Name, str] = {
    "joined": "a path between any two devices over all rounds together",
    "symmetric": "links that go both ways",
    "connected": "a path between any two devices in every round",
    "fixed": "the same links in every round",
}


class Doubt(NamedTuple):
    """A demand of the algorithm that the network does not meet."""

    name: Name
    fact: str
    certain: bool = True
    """Else it may meet it all the same."""


def hold(scenario: Scenario, algorithm: Algorithm, network: Network | Medium, observer: Observer) -> None:
    """Tell what is to be said of the algorithm before the first round, and what it misses in the network.

    Raises UserError where it cannot do without.
    """
    for note in algorithm.notes:
        observer.noted(note)
    if not algorithm.needs_air or scenario.devices.count == 1:
        return
    found = list(doubts(scenario, network))
    for name, wish in WISHES.items():
        demand, own = _demand(algorithm, name), [doubt for doubt in found if doubt.name == name]
        facts = ", and ".join(doubt.fact for doubt in own)
        if own and demand == "error" and any(doubt.certain for doubt in own):
            raise UserError(
                f"{algorithm.title} (algorithm.name) needs {wish}, but {facts}: take another network, or another "
                "algorithm."
            )
        if own and demand != "no":
            holds = "does not" if any(doubt.certain for doubt in own) else "may not"
            observer.noted(f"warning: {algorithm.title} asks for {wish}, but {facts}: its theory {holds} hold here")


def _demand(algorithm: Algorithm, name: Name) -> Demand:
    """No algorithm that uses the air agrees over a graph in pieces; an exact one is asked for just that."""
    if name == "joined":
        return "error" if algorithm.exact else "warning"
    return getattr(algorithm, name)  # type: ignore[no-any-return]


def doubts(scenario: Scenario, network: Network | Medium) -> Iterator[Doubt]:
    """All that the network of the scenario does not give."""
    seen, word = look(scenario, network), "round" if scenario.run.mode == "barrier" else "period"
    if seen is not None:
        yield from _of_graphs(seen, word)
    if scenario.network.kind == "ns3":
        yield from _of_the_air(scenario, seen)
    settings = scenario.network
    if settings.repair == "none" and settings.transport == "broadcast" and _is_timed(scenario):
        yield Doubt("symmetric", 'network.repair = "none" may lose a message one way alone', certain=False)
    for key in ("churn_file", "churn_s", "battery_j"):
        if getattr(scenario.devices, key) is not None:
            yield Doubt("connected", f"devices go away (devices.{key})", certain=False)
            yield Doubt("fixed", f"devices go away (devices.{key})", certain=False)


def _of_graphs(seen: Seen, word: str) -> Iterator[Doubt]:
    if seen.split:
        yield Doubt("joined", "some devices never reach each other")
    if seen.one_way:
        yield Doubt("symmetric", f"in {_span(seen.one_way, seen, word)} some links go one way")
    if seen.apart:
        yield Doubt("connected", f"in {_span(seen.apart, seen, word)} some devices do not reach each other")
    if seen.changes:
        yield Doubt("fixed", "links change")


def _span(count: int, seen: Seen, word: str) -> str:
    if seen.rounds == 0:
        return "the trace"
    if count == seen.rounds:
        return f"every {word}"
    among = f"{seen.rounds}" if seen.looked == seen.rounds else f"the first {seen.looked}"
    return f"{'all' if count == seen.looked else count} of {among} {word}s"


def _of_the_air(scenario: Scenario, seen: Seen | None) -> Iterator[Doubt]:
    """Its links go both ways by construction."""
    settings, devices = scenario.network, scenario.devices.count
    if settings.mobility != "static" and (seen is None or not seen.changes):
        yield Doubt("fixed", f'network.mobility = "{settings.mobility}" moves the devices')
    stated = settings.density is not None or (settings.side_m is None and settings.placement != "file")
    if seen is None and stated and settings.mobility not in ("ns2", "script"):
        degree = settings.wanted_density * (devices - 1)
        if degree < math.log(devices):
            # Gupta and Kumar 1998: disks placed at random are connected, as m grows, from a mean degree of ln m on.
            yield Doubt(
                "connected",
                f"some are likely apart, as each device has {degree:.1f} neighbours in the mean, and ln {devices} = "
                f"{math.log(devices):.1f} connect devices placed at random",
                certain=False,
            )


def _is_timed(scenario: Scenario) -> bool:
    """Whether the scenario's transport carries the messages: not that of a graph, nor of a recording."""
    network = scenario.network
    return network.kind == "ns3" or (network.kind == "replay" and network.replay == "links")
