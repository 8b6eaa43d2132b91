"""Traces from traces: what a transformation keeps, and what undoes it."""

import time
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.exchange import NOBODY
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace, read, write
from testbed.trace.transform import looped, scaled, select, shifted, window
from tests.trace.made import GRAIN_NS, imported, recorded

SEEDS, NODES = st.integers(0, 1 << 32), st.integers(1, 5)
TRACES = st.one_of(
    st.builds(recorded, SEEDS, NODES, st.integers(0, 4), st.booleans()), st.builds(imported, SEEDS, NODES)
)
FEW = settings(max_examples=30)


def same(one: Trace, other: Trace) -> bool:
    """All but how they came to be."""
    return (one.links, one.nodes, one.outboxes, one.exchanges, one.header.names, one.header.nodes) == (
        *(other.links, other.nodes, other.outboxes, other.exchanges, other.header.names, other.header.nodes),
    )


def steps(trace: Trace) -> list[str]:
    return [step["step"] for step in trace.header.provenance]


@FEW
@given(TRACES, st.randoms(use_true_random=False))
def test_a_permutation_and_its_inverse_are_the_trace(trace: Trace, random: Random) -> None:
    order = list(range(trace.header.nodes))
    random.shuffle(order)
    there = select(trace, order)
    back = select(there, np.argsort(order).tolist())
    assert same(back, trace)
    assert len(there.links) == len(trace.links)
    assert there.nodes.x_m[there.nodes.node == 0].tolist() == trace.nodes.x_m[trace.nodes.node == order[0]].tolist()
    assert steps(back) == ["select", "select"]


@FEW
@given(TRACES)
def test_a_window_of_everything_is_the_trace(trace: Trace) -> None:
    assert same(window(trace, None, None), trace)
    ends = [time_ns for each in trace.exchanges for time_ns in (each.opened_ns, each.closed_ns)]
    times = [*trace.links.t_start_ns, *trace.links.t_end_ns, *trace.nodes.t_ns, *ends, 0]
    assert same(window(trace, int(min(times)), int(max(times))), trace)


@FEW
@given(TRACES, st.sampled_from([1, 2, 0.25, 1 / 1024]))
def test_another_pace_and_back_is_the_trace(trace: Trace, factor: float) -> None:
    assert same(scaled(scaled(trace, factor), 1 / factor), trace)


@FEW
@given(TRACES, st.integers(0, 1 << 40))
def test_later_and_back_is_the_trace(trace: Trace, by_ns: int) -> None:
    later = shifted(trace, by_ns)
    assert same(shifted(later, -by_ns), trace)
    assert (later.nodes.t_ns == trace.nodes.t_ns + by_ns).all()
    assert ((later.links.t_end_ns == OPEN_NS) == (trace.links.t_end_ns == OPEN_NS)).all()


@FEW
@given(st.builds(recorded, SEEDS, NODES, st.integers(1, 3)), st.integers(0, 9))
def test_a_loop_keeps_what_rounds_are_and_lets_none_overlap(trace: Trace, rounds: int) -> None:
    again = looped(trace, rounds)
    assert len(again) == rounds
    opened, closed = (
        np.array([getattr(each, name) for each in again.exchanges]) for name in ("opened_ns", "closed_ns")
    )
    assert (opened[1:] == closed[:-1]).all()
    for round_, exchange in enumerate(again.exchanges):
        first = trace.exchanges[round_ % len(trace)]
        assert exchange.closed_ns - exchange.opened_ns == first.closed_ns - first.opened_ns
        assert exchange.links == first.links
        delays = [each.arrived_ns - each.started_ns for each in (exchange.deliveries, first.deliveries)]
        assert delays[0][first.deliveries.arrived].tolist() == delays[1][first.deliveries.arrived].tolist()
        assert (exchange.deliveries.started_ns >= exchange.opened_ns).all()


@FEW
@given(TRACES, st.lists(st.integers(0, 4), min_size=1, unique=True))
def test_what_is_transformed_can_be_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, trace: Trace, nodes: list[int]
) -> None:
    """The checks of the reader hold for it."""
    if len(trace) or not len(trace.links):
        trace = window(trace, 3 * GRAIN_NS, None)
    part = scaled(select(trace, [node for node in nodes if node < trace.header.nodes] or [0]), 0.3)
    folder = tmp_path_factory.mktemp("part") / "trace"
    write(part, folder)
    assert same(read(folder), part)


def rows(*links: tuple[int, int, int, int]) -> LinkRows:
    """Of no round, from (start, end, src, dst)."""
    start, end, src, dst = zip(*links, strict=True)
    zeros = np.zeros(len(links))
    columns = dict.fromkeys(LinkRows.columns(), zeros) | {"round": zeros + NO_ROUND}
    return LinkRows.of(**columns | {"t_start_ns": start, "t_end_ns": end, "src": src, "dst": dst})


def places(*where: tuple[int, int, float]) -> NodeRows:
    """Of no round, from (time, node, x)."""
    t_ns, node, x_m = zip(*where, strict=True)
    zeros = np.zeros(len(where))
    columns = dict.fromkeys(NodeRows.columns(), zeros) | {"round": zeros + NO_ROUND}
    return NodeRows.of(**columns | {"t_ns": t_ns, "node": node, "x_m": x_m})


def contacts(*links: tuple[int, int, int, int]) -> Trace:
    return Trace(Header(nodes=4, network={}), rows(*links), places((0, 0, 1.0), (0, 1, 2.0), (15, 1, 3.0)))


def test_links_are_cut_to_the_window_and_samples_in_it_stay() -> None:
    trace = contacts(
        (0, 10, 2, 1), (0, 40, 1, 0), (5, 5, 0, 1), (10, 10, 0, 2), (12, 12, 0, 1), (30, 30, 3, 0), (30, 90, 3, 1)
    )
    part = window(trace, 10, 30)
    assert list(zip(part.links.t_start_ns, part.links.t_end_ns, part.links.src, part.links.dst, strict=True)) == [
        *[(10, 10, 0, 2), (10, 30, 1, 0), (12, 12, 0, 1), (30, 30, 3, 0)],
    ]
    assert window(contacts((0, OPEN_NS, 0, 1)), 10, None).links.t_end_ns.tolist() == [OPEN_NS]
    assert window(contacts((0, OPEN_NS, 0, 1)), 10, 30).links.t_end_ns.tolist() == [30]


def test_a_window_knows_where_nodes_were_when_it_begins() -> None:
    part = window(contacts((0, 90, 0, 1)), 10, 30).nodes
    assert list(zip(part.t_ns, part.node, part.x_m, strict=True)) == [(10, 0, 1.0), (10, 1, 2.0), (15, 1, 3.0)]
    part = window(contacts((0, 90, 0, 1)), 15, 30).nodes
    assert list(zip(part.t_ns, part.node, part.x_m, strict=True)) == [(15, 0, 1.0), (15, 1, 3.0)]


def test_a_window_of_rounds_has_whole_ones_alone() -> None:
    trace = recorded(1, rounds=4)
    second, third = trace.exchanges[1:3]
    assert window(trace, second.opened_ns, third.closed_ns).exchanges == (second, third)
    part = window(trace, second.opened_ns + 1, third.closed_ns)
    assert part.exchanges == (third,)
    assert part.outboxes == (trace.outboxes[2],)
    assert (part.links.round == 0).all()
    assert len(window(trace, second.opened_ns + 1, third.closed_ns - 1)) == 0


def test_the_chosen_keep_their_names_and_what_they_said_to_each_other() -> None:
    trace = contacts((0, 10, 2, 1), (0, 20, 1, 3), (5, 9, 3, 1))
    part = select(trace, [3, 1])
    assert list(zip(part.links.t_start_ns, part.links.src, part.links.dst, strict=True)) == [(0, 1, 0), (5, 0, 1)]
    assert part.header.names == ("3", "1")
    assert select(part, [1]).header.names == ("1",)
    assert part.header.provenance == ({"step": "select", "nodes": [3, 1]},)


def test_who_sees_none_of_the_chosen_sees_nobody() -> None:
    trace = recorded(3, nodes=5, rounds=1, eventful=True)
    for device in range(5):
        seen = select(trace, [device]).exchanges[0].sightings
        assert (seen.device.tolist(), seen.neighbour.tolist()) == ([0], [NOBODY])
    whole = trace.exchanges[0].sightings
    for one, other in ((0, 3), (4, 1)):
        seen = select(trace, [one, other]).exchanges[0].sightings
        sees = other in whole.neighbour[whole.device == one]
        assert seen.neighbour[seen.device == 0].tolist() == [1 if sees else NOBODY]


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([], "at least one"),
        ([0, 4], "nodes 0 to 3, but not the node 4"),
        ([-1], "not the node -1"),
        ([2, 1, 2], "Node 2 .* twice"),
    ],
)
def test_nodes_that_cannot_be_chosen_are_named(nodes: list[int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        select(recorded(1), nodes)


def test_times_out_of_range_are_an_error() -> None:
    for far in (
        lambda: scaled(imported(1), 1e18),
        lambda: shifted(imported(1), 1 << 63),
        lambda: scaled(imported(1), 0),
    ):
        with pytest.raises(UserError, match=r"do not fit 64 bits|should be above 0"):
            far()
    with pytest.raises(UserError, match="would open before 0"):
        shifted(recorded(1), -1)
    with pytest.raises(UserError, match="cannot be looped"):
        looped(imported(1), 3)


def test_times_since_1970_are_scaled_to_the_nanosecond() -> None:
    unix_ns = 1_700_000_000_123_456_789
    assert scaled(contacts((unix_ns, unix_ns, 0, 1)), 0.5).links.t_start_ns.tolist() == [unix_ns // 2]
    assert scaled(contacts((unix_ns, unix_ns, 0, 1)), 2).links.t_start_ns.tolist() == [2 * unix_ns]


def test_the_trace_that_is_given_stays_as_it_is() -> None:
    trace, again = recorded(5), recorded(5)
    for made in (
        window(trace, 1, None),
        shifted(trace, 5),
        scaled(trace, 3.0),
        select(trace, [2, 0]),
        looped(trace, 5),
    ):
        assert made.header.checksums == {}
        assert len(made.header.provenance) == 1
    assert same(trace, again)
    assert trace.header == again.header


@pytest.mark.slow
def test_ten_million_rows_take_seconds(tmp_path: Path) -> None:
    count, nodes = 10_000_000, 1000
    draw = np.random.default_rng(1)
    start = np.sort(draw.integers(0, 10**15, count))
    src = draw.integers(0, nodes, count)
    columns = dict.fromkeys(LinkRows.columns(), np.zeros(count))
    times = {"t_start_ns": start, "t_end_ns": start + 10**9, "src": src, "dst": (src + 1) % nodes}
    links = LinkRows.of(**columns | {"round": np.full(count, NO_ROUND)} | times)
    trace = Trace(Header(nodes=nodes, network={}), links, NodeRows.none())
    for change in (
        lambda: window(trace, 10**14, 9 * 10**14),
        lambda: scaled(trace, 0.001),
        lambda: select(trace, draw.permutation(nodes).tolist()),
        lambda: shifted(trace, 5),
    ):
        began = time.monotonic()
        change()
        assert time.monotonic() - began < 20
