"""The networks behind one Protocol: `ns3` (live), `replay` (a trace), `graph` (networkx)."""

from testbed.network.base import Network
from testbed.network.medium import Medium
from testbed.scenario import Scenario

__all__ = ["Medium", "Network", "connect", "connect_medium"]


def connect(scenario: Scenario) -> Network:
    """The network that the scenario asks for; close it after use.

    Raises UserError where it cannot be had: no engine, no trace, no graph file.
    """
    settings, run = scenario.network, scenario.run
    if settings.kind == "graph":
        from testbed.network.graph import GraphNetwork

        return GraphNetwork(scenario.devices.count, run.seed, settings, run.deadlines_s()[0])
    if settings.kind == "replay" and settings.replay == "links":
        from testbed.network.excerpt import excerpt
        from testbed.network.links import LinksNetwork

        return LinksNetwork(excerpt(scenario), scenario)
    if settings.kind == "replay":
        from testbed.network.excerpt import recorded
        from testbed.network.replay import ReplayNetwork

        loop = settings.at_end == "loop"
        return ReplayNetwork(recorded(scenario), scenario.devices.count, _rounds(scenario), loop)
    from testbed.network.ns3 import Ns3Network

    return Ns3Network(scenario)


def connect_medium(scenario: Scenario) -> Medium:
    """The same for the event-driven modes. Raises UserError where it cannot be had, or cannot serve the mode."""
    settings, run = scenario.network, scenario.run
    if settings.kind == "graph":
        from testbed.network.graph import GraphNetwork
        from testbed.network.graph_medium import GraphMedium

        return GraphMedium(GraphNetwork(scenario.devices.count, run.seed, settings, run.deadlines_s()[0]))
    if settings.kind == "replay" and settings.replay == "links":
        from testbed.network.excerpt import excerpt
        from testbed.network.links import LinksMedium

        return LinksMedium(excerpt(scenario), scenario)
    if settings.kind == "replay":
        from testbed.network.excerpt import recorded_from_the_beginning
        from testbed.network.replay_medium import ReplayMedium

        return ReplayMedium(recorded_from_the_beginning(scenario), scenario.devices.count, _rounds(scenario))
    from testbed.network.ns3_medium import Ns3Medium

    return Ns3Medium(scenario)


def _rounds(scenario: Scenario) -> int:
    """How many rounds a trace has to hold at the least; empty batteries end a run before its time."""
    return scenario.run.rounds if scenario.devices.battery_j is None else 1
