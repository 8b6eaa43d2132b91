"""The networks behind one Protocol: `ns3` (live), `replay` (a trace), `graph` (networkx)."""

from testbed.network.base import Network
from testbed.scenario import Scenario

__all__ = ["Network", "connect"]


def connect(scenario: Scenario) -> Network:
    """The network that the scenario asks for; close it after use.

    Raises UserError where it cannot be had: no engine, no trace, no graph file.
    """
    settings, run = scenario.network, scenario.run
    if settings.kind == "graph":
        from testbed.network.graph import GraphNetwork

        return GraphNetwork(scenario.devices.count, run.seed, settings, run.deadlines_s()[0])
    if settings.kind == "replay":
        from testbed.errors import UserError
        from testbed.network.replay import ReplayNetwork
        from testbed.trace import read

        if settings.trace is None:
            raise UserError('network.kind = "replay" needs network.trace, the folder of a recorded trace.')
        rounds = run.rounds if scenario.devices.battery_j is None else 1  # empty batteries end a run before
        return ReplayNetwork(read(settings.trace), scenario.devices.count, rounds)
    from testbed.network.ns3 import Ns3Network

    return Ns3Network(scenario)
