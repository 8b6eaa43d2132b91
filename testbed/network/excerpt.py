"""What of a trace is replayed, as the scenario says: which time of it, and which of its nodes are the devices."""

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.network.replay import check_nodes
from testbed.scenario import Scenario
from testbed.seeds import Purpose, generator
from testbed.trace import OPEN_NS, Trace, read
from testbed.trace.bundled import folder_of
from testbed.trace.transform import select, shifted, window


def excerpt(scenario: Scenario) -> Trace:
    """The trace of the scenario, from `from_s` to `to_s`, of the nodes that it chooses.

    Raises UserError where there is no trace, nothing of it is left, or it has too few nodes.
    """
    settings = scenario.network
    if settings.trace is None:
        raise UserError(
            'network.kind = "replay" needs network.trace: the folder of a trace, or one that comes with testbed '
            "(bundled/NAME; `testbed trace list` names them)."
        )
    return of_devices(within(read(folder_of(settings.trace)), scenario), scenario)


def within(trace: Trace, scenario: Scenario) -> Trace:
    """The part of the trace from `from_s` to `to_s`. Raises UserError where it is empty."""
    ends_s = (scenario.network.from_s, scenario.network.to_s)
    if ends_s == (None, None):
        return trace
    part = window(trace, *(None if time_s is None else round(time_s * 1e9) for time_s in ends_s))
    if len(part) or (len(part.links) and not len(trace)):
        return part
    raise UserError(f"network.from_s and network.to_s leave nothing of the trace: {_extent(trace)}.")


def recorded(scenario: Scenario) -> Trace:
    """The same for an exact replay, as of the run's clock: the first round opens at 0.

    Raises UserError also for a trace without rounds.
    """
    trace = excerpt(scenario)
    if len(trace):
        begins_ns = trace.exchanges[0].opened_ns
        return shifted(trace, -begins_ns) if begins_ns else trace
    raise UserError(
        f"The trace {scenario.network.trace} has no rounds: it says who is linked when, but not what was sent. Set "
        'network.replay = "links", which times every message anew.'
    )


def recorded_from_the_beginning(scenario: Scenario) -> Trace:
    """The same for the event-driven modes, whose devices never again send as they do when a run begins.

    Raises UserError also where the scenario would begin in the middle, or again.
    """
    trace, mode = excerpt(scenario), scenario.run.mode
    if scenario.network.at_end == "loop" or (len(trace) and trace.exchanges[0].opened_ns > 0):
        key = 'at_end = "loop"' if scenario.network.at_end == "loop" else "from_s"
        raise UserError(
            f'network.{key} does not go with an exact replay in mode "{mode}": what devices send in the midst of a run '
            'is not what they send at its beginning. Take it away, or set network.replay = "links".'
        )
    return recorded(scenario)


def of_devices(trace: Trace, scenario: Scenario) -> Trace:
    """Of the nodes that `network.nodes` chooses; what the network says of itself then names them."""
    choice, count = scenario.network.nodes, scenario.devices.count
    if choice == "all":
        check_nodes(trace, count)
        return trace
    chosen = choice if isinstance(choice, tuple) else _chosen(trace, choice, count, scenario.run.seed)
    part = select(trace, chosen)
    named = part.header.names or tuple(map(str, range(count)))
    network = {**trace.header.network, "nodes": list(chosen), "names": list(named)}
    header = part.header.model_copy(update={"network": network})
    return Trace(header, part.links, part.nodes, part.outboxes, part.exchanges)


def _chosen(trace: Trace, choice: str, count: int, seed: int) -> list[int]:
    """`count` nodes, ascending."""
    nodes = trace.header.nodes
    if count > nodes:
        raise UserError(
            f"The trace has {nodes} nodes, the scenario {count} devices: set devices.count to {nodes} at most."
        )
    if choice == "random":
        return sorted(generator(seed, Purpose.NODES).choice(nodes, count, replace=False).tolist())
    order = np.arange(nodes) if choice == "first" else np.argsort(-linked_ns(trace), kind="stable")
    return sorted(order[:count].tolist())


def linked_ns(trace: Trace) -> NDArray[np.float64]:
    """(nodes,) how long each is linked, summed over its links, from and to it; a link without an end lasts longest."""
    rows = trace.links
    lasts_ns = np.where(rows.neighbour, rows.t_end_ns.astype(float) - rows.t_start_ns, 0.0)
    ends = np.concatenate([rows.src, rows.dst])
    return np.bincount(ends, np.tile(lasts_ns, 2), trace.header.nodes).astype(np.float64)


def _extent(trace: Trace) -> str:
    """When a trace is, for people."""
    if len(trace):
        opened, closed = trace.exchanges[0].opened_ns, trace.exchanges[-1].closed_ns
        return (
            f"its {len(trace)} rounds, of which whole ones are taken, lie between {_in_s(opened)} and {_in_s(closed)}"
        )
    if not len(trace.links):
        return "it has no links at all"
    first, last = int(trace.links.t_start_ns.min()), int(trace.links.t_end_ns.max())
    return f"its links lie between {_in_s(first)} and {'no stated end' if last == OPEN_NS else _in_s(last)}"


def _in_s(time_ns: int) -> str:
    return f"{time_ns / 1e9:.9g} s"
