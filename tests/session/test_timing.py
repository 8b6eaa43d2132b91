"""The timing of the event-driven modes, without training: golden traces, and what holds for any of them."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.exchange import Absences
from testbed.network.graph import GraphNetwork
from testbed.network.graph_medium import GraphMedium
from testbed.network.medium import Ended
from testbed.scenario import parse
from testbed.session.timing import Drop, Local, Mix, Pairs, Period, Send, Setting, Train, Trained

GOLDEN = Path(__file__).parent.parent / "golden"
MODES: dict[str, type[Local] | type[Pairs]] = {"local": Local, "async": Pairs}
MODEL = 100
"""Bytes of a model, so nanoseconds on the air."""

Case = dict[str, Any]


class Deaf(GraphMedium):
    """Nothing ever arrives; some of it is known to be lost."""

    def advance(self, until_ns: int) -> list[Ended]:
        return [each._replace(arrived=False) for each in super().advance(until_ns) if each.dst % 2]


def play(case: Case, medium: type[GraphMedium] = GraphMedium) -> tuple[Local | Pairs, list[Period]]:
    """All periods of a small world in which a byte takes a nanosecond."""
    count = len(case["compute"])
    network = parse({"network": {"kind": "graph", "graph": case["graph"], "rate": "8Gbps", "latency_s": 0}}).network
    period_ns = case.get("period", 500)

    def absences(number: int) -> Absences:
        met = [
            each for each in case.get("away", []) if each[1] < period_ns * (number + 1) and each[2] > period_ns * number
        ]
        return Absences.of(
            device=[a for a, _, _ in met], from_ns=[b for _, b, _ in met], until_ns=[c for _, _, c in met]
        )

    setting = Setting(
        period_ns=period_ns,
        compute_ns=lambda device, step: case["compute"][device],
        deadlines_ns=tuple(case["deadlines"]),
        message_bytes=(MODEL,) * count,
        absences=absences,
        seed=case.get("seed", 1),
    )
    timeline = MODES[case["mode"]](medium(GraphNetwork(count, 1, network, 1.0)), setting)
    return timeline, [timeline.period() for _ in range(case.get("periods", 2))]


def told(periods: list[Period]) -> list[list[Any]]:
    return [list(row) for period in periods for row in period.events]


@pytest.mark.parametrize("name", ["local-line", "local-away", "async-line", "async-triangle"])
def test_golden_traces(name: str) -> None:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert told(play(golden["case"])[1]) == golden["events"]


CASES = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["local", "async"]),
        "graph": st.sampled_from(["line", "ring", "star", "complete", "empty"]),
        "devices": st.lists(st.tuples(st.integers(1, 300), st.integers(1, 400)), min_size=1, max_size=5),
        "away": st.lists(st.tuples(st.integers(0, 4), st.integers(0, 900), st.integers(1, 500)), max_size=4),
        "seed": st.integers(0, 3),
    }
)


def made(drawn: Case) -> Case:
    """Absences of existing devices, one of each, so that they do not overlap."""
    count = len(drawn["devices"])
    away = {device % count: [device % count, begin, begin + length] for device, begin, length in drawn["away"]}
    compute, deadlines = (list(each) for each in zip(*drawn["devices"], strict=True))
    return drawn | {"compute": compute, "deadlines": deadlines, "away": list(away.values()), "periods": 3}


@settings(max_examples=150)
@given(CASES)
def test_the_events_of_any_world(drawn: Case) -> None:
    case = made(drawn)
    _, periods = play(case)
    events = told(periods)
    assert [row[0] for row in events] == sorted(row[0] for row in events)
    for number, period in enumerate(periods):
        assert all(number * 500 <= row.time_ns < (number + 1) * 500 for row in period.events)
        assert (period.meters.compute_ns <= 500).all()
    for device, compute in enumerate(case["compute"]):
        own = [row for row in events if row[1] == device]
        check_training(own, compute)
        check_absence(own, [each for each in case["away"] if each[0] == device])
    assert told(play(case)[1]) == events


def check_training(own: list[list[Any]], compute_ns: int) -> None:
    """Trainings last as long as they should, one at a time, unless the device leaves."""
    steps = [(row[0], row[2]) for row in own if row[2] in ("train", "trained", "away")]
    for (began_ns, kind), (ended_ns, following) in pairwise(steps):
        if kind == "train":
            assert following == "away" or (following, ended_ns - began_ns) == ("trained", compute_ns)
        else:
            assert following in ("train", "away")


def check_absence(own: list[list[Any]], away: list[list[int]]) -> None:
    for _, from_ns, until_ns in away:
        inside = [row[2] for row in own if from_ns <= row[0] < until_ns]
        assert inside == ["away"] * (from_ns < 1500)


@settings(max_examples=100)
@given(CASES, st.sampled_from([GraphMedium, Deaf]))
def test_nobody_waits_for_ever(drawn: Case, medium: type[GraphMedium]) -> None:
    """Whoever is here trains, or has an event that ends its waiting; and goes on within training time and deadline."""
    case = made(drawn)
    timeline, periods = play(case, medium)
    for device in timeline.devices:
        waits = getattr(device, "timer", None) is not None or getattr(device, "asks", None) is not None
        assert device.away or device.training is not None or waits
    for device, (compute, deadline) in enumerate(zip(case["compute"], case["deadlines"], strict=True)):
        begins = [row[0] for row in told(periods) if row[1] == device and row[2] in ("train", "away", "back")]
        longest = compute + deadline if case["mode"] == "async" else max(compute, deadline)
        breaks = [each for each in case["away"] if each[0] == device]
        for one, other in pairwise([*begins, 1500]):
            gone = sum(until - from_ns for _, from_ns, until in breaks if from_ns <= one < until)
            assert other - one <= longest + gone


@settings(max_examples=100)
@given(CASES)
def test_acts_can_be_followed(drawn: Case) -> None:
    """Models are mixed as long as they are kept, and updates taken once, after training."""
    timeline, periods = play(made(drawn))
    kept: set[int] = set()
    ready: set[int] = set()
    for act in (act for period in periods for act in period.acts):
        match act:
            case Send():
                kept.add(act.message)
            case Drop():
                kept.discard(act.message)
            case Train():
                ready.discard(act.device)
            case Trained():
                ready.add(act.device)
            case Mix():
                assert set(act.heard) <= kept
                assert not act.trained or act.device in ready
                ready -= {act.device} if act.trained else set()
    assert kept == {number for number, letter in timeline.post.letters.items() if letter.size_bytes == MODEL}


def test_equal_devices_that_ask_at_once_still_meet() -> None:
    case = {"mode": "async", "graph": "complete", "compute": [50] * 4, "deadlines": [300] * 4, "periods": 4}
    periods = play(case)[1]
    mixes = sum(period.meters.columns()["mixes"] for period in periods)
    assert (np.asarray(mixes) > 0).all()


def test_a_gradient_is_stale_by_the_mixings_while_it_was_computed() -> None:
    case = {
        "mode": "async",
        "graph": "line",
        "compute": [40, 2000],
        "deadlines": [500, 500],
        "period": 5000,
        "periods": 1,
    }
    (period,) = play(case)[1]
    events = told([period])
    first = next(row[0] for row in events if row[1:3] == [1, "trained"])
    mixed = [row for row in events if row[1:3] == [1, "mix"] and row[0] < first]
    assert len(mixed) > 1
    assert period.meters.columns()["staleness_max"][1] >= len(mixed)
    assert period.meters.columns()["staleness_max"][0] == 0


def test_the_age_of_a_model_counts_time_and_steps_since_it_was_sent() -> None:
    case = {
        "mode": "local",
        "graph": "line",
        "compute": [10, 1000],
        "deadlines": [400, 5000],
        "period": 1300,
        "periods": 1,
    }
    columns = play(case)[1][0].meters.columns()
    assert columns["age_ns_mean"][1] == 1000 - 810  # device 0 sends at 10, 410 and 810
    assert columns["age_steps_mean"][1] == 0
    slow = play(case | {"compute": [10, 1220]})[1][0].meters.columns()
    assert slow["age_ns_mean"][1] == 1220 - 810  # what it sent at 1210 is on its way
    assert slow["age_steps_mean"][1] == 1
