"""Rounds of several exchanges and of messages to partners, from the workload to the tables and the trace."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testbed.exchange import A_PARTNER, ALL_NEIGHBOURS, ONE_PAIR
from testbed.matching import ALONE, matching, round_seed
from testbed.network import connect
from testbed.session.air import Air, Carried
from testbed.session.cached import key
from testbed.session.learner import Workload, workload
from testbed.session.recorder import received, sent_bytes
from testbed.trace import Header, Trace, read, write
from testbed.trace.inspect import validate
from testbed.trace.transform import select
from tests.session.scenarios import small

SCENARIO = small(run={"rounds": 3}, network={"density": 0.3})
WORK = workload(SCENARIO)


def rounds(work: Workload) -> list[Carried]:
    air, carried = Air(SCENARIO, work, connect(SCENARIO)), list[Carried]()
    moment = air.start()
    for _ in range(SCENARIO.run.rounds):
        carried.append(air.carry(moment))
        moment = carried[-1].after
    return carried


def trace_of(carried: list[Carried]) -> Trace:
    header = Header(nodes=8, seed=3, network={"kind": "graph"})
    return Trace.of_rounds(header, [each.outbox for each in carried], [each.exchange for each in carried])


def outcome(carried: Carried) -> Any:
    """As far as the recorder looks."""

    class Outcome:
        exchange, outbox, timeline = carried.exchange, carried.outbox, None

    return Outcome


def test_messages_may_differ_by_device_and_be_said_round_by_round() -> None:
    unequal = np.array([[0, 100, 200, 300, 400, 500, 600, 700]])
    each = rounds(replace(WORK, message_bytes=unequal))[0]
    assert each.outbox.src.tolist() == [*range(1, 8)]
    assert each.outbox.size_bytes.tolist() == unequal[0, 1:].tolist()
    air = Air(SCENARIO, WORK, connect(SCENARIO))
    assert air.carry(air.start(), unequal[0]).exchange == each.exchange


@pytest.mark.parametrize(("audience", "pairs"), [(ALL_NEIGHBOURS, None), (A_PARTNER, None), (ONE_PAIR, 1)])
def test_a_workload_decides_what_is_sent_to_whom(audience: int, pairs: int | None, tmp_path: Path) -> None:
    carried = rounds(replace(WORK, exchanges=3, audience=audience))
    for round_, each in enumerate(carried):
        outbox, exchange = each.outbox, each.exchange
        assert outbox.src.tolist() == [*range(8)] * 3
        assert (outbox.dst == audience).all()
        partner = matching(exchange.neighbours(), round_seed(3, round_), pairs)
        senders = np.arange(8) if audience == ALL_NEIGHBOURS else np.flatnonzero(partner != ALONE)
        assert sent_bytes(outbox, exchange.deliveries) == 3 * WORK.size_bytes(round_)[senders].sum()
        assert exchange.devices.frames.tolist() == [3 * (device in senders) for device in range(8)]
        wanted = exchange.neighbours().sum(1) if audience == ALL_NEIGHBOURS else partner != ALONE
        assert received(outcome(each)).tolist() == (3 * wanted).tolist()
        assert np.array_equal(exchange.delivered(2), exchange.delivered(0))
    write(trace_of(carried), tmp_path / "trace")
    assert read(tmp_path / "trace").outboxes == trace_of(carried).outboxes
    assert len(validate(tmp_path / "trace")) == 0


def test_nodes_that_are_chosen_keep_their_exchanges_apart() -> None:
    trace = trace_of(rounds(replace(WORK, exchanges=2)))
    some = select(trace, [5, 0, 3, 1])
    for before, after, outbox in zip(trace.exchanges, some.exchanges, some.outboxes, strict=True):
        assert outbox.src.tolist() == [0, 1, 2, 3] * 2
        number = after.deliveries.exchange
        assert (np.diff(number) >= 0).all()
        arrived = before.deliveries.arrived_ns.reshape(2, -1)
        assert after.deliveries.arrived_ns[number == 0].max(initial=0) <= arrived[0].max()
        assert after.deliveries.arrived_ns[number == 1].min(initial=2**62) > arrived[0].max()


def test_another_number_of_exchanges_or_another_audience_is_another_air() -> None:
    works = [WORK, replace(WORK, exchanges=2), replace(WORK, audience=A_PARTNER), replace(WORK, audience=ONE_PAIR)]
    assert len({key(SCENARIO, work) for work in works}) == len(works)
