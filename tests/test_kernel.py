"""The kernel: order, the present, cancelling; against golden traces and for any schedule."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import testbed.kernel
from testbed.kernel import Event, Kernel

GOLDEN = json.loads((Path(__file__).parent / "golden/kernel.json").read_text())
Step = tuple[str, int, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("schedule"), st.integers(0, 9), st.integers(0, 3)),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("step"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


def play(steps: list[Step]) -> tuple[Kernel[str], list[Event[str]], set[int], set[int]]:
    """A kernel after these steps, scheduled so many ns ahead; what ran, the numbers scheduled and those cancelled."""
    kernel: Kernel[str] = Kernel()
    ran: list[Event[str]] = []
    scheduled: set[int] = set()
    cancelled: set[int] = set()
    for verb, number, priority in steps:
        if verb == "schedule":
            # At the present instant only what comes after the present priority can be scheduled: take the last one.
            scheduled.add(kernel.schedule(kernel.now_ns + number, priority if number else 3, f"at {number}"))
        elif verb == "cancel":
            cancelled |= {number} if kernel.cancel(number) else set()
        elif len(kernel):
            ran.append(kernel.step())
    return kernel, ran, scheduled, cancelled


def drain(kernel: Kernel[str]) -> list[Event[str]]:
    return [kernel.step() for _ in range(len(kernel))]


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_golden_traces(case: dict[str, Any]) -> None:
    kernel: Kernel[str] = Kernel()
    ran = []
    for step in case["steps"]:
        match step:
            case ["schedule", time_ns, priority, what]:
                kernel.schedule(time_ns, priority, what)
            case ["cancel", sequence]:
                kernel.cancel(sequence)
            case ["step"]:
                ran.append(list(kernel.step()))
    assert ran + [list(event) for event in drain(kernel)] == case["ran"]


@given(STEPS)
def test_events_run_in_the_order_of_time_priority_and_sequence(steps: list[Step]) -> None:
    kernel, ran, _, _ = play(steps)
    rest = drain(kernel)
    assert rest == sorted(rest, key=lambda event: event[:3])
    keys = [event[:2] for event in ran + rest]
    assert keys == sorted(keys)


@given(STEPS)
def test_every_event_runs_once_or_was_cancelled(steps: list[Step]) -> None:
    kernel, ran, scheduled, cancelled = play(steps)
    ran += drain(kernel)
    assert len({event.sequence for event in ran}) == len(ran)
    assert {event.sequence for event in ran} == scheduled - cancelled
    assert kernel.peek() is None
    assert len(kernel) == 0


@given(STEPS)
def test_the_same_steps_give_the_same_events(steps: list[Step]) -> None:
    assert play(steps)[1] == play(steps)[1]


@given(STEPS)
def test_to_peek_changes_nothing_and_tells_the_next_instant(steps: list[Step]) -> None:
    kernel, _, _, _ = play(steps)
    due = kernel.peek()
    assert kernel.peek() == due
    assert due == (kernel.step().time_ns if len(kernel) else None)


@pytest.mark.parametrize(("time_ns", "priority"), [(9, 5), (10, 1)])
def test_nothing_is_scheduled_in_the_past(time_ns: int, priority: int) -> None:
    kernel: Kernel[str] = Kernel()
    kernel.schedule(10, 2, "now")
    kernel.step()
    with pytest.raises(ValueError, match="before the present"):
        kernel.schedule(time_ns, priority, "late")
    assert kernel.schedule(10, 2, "just in time") == 1


def test_an_empty_kernel_has_nothing_to_step() -> None:
    with pytest.raises(IndexError, match="no event is waiting"):
        Kernel[str]().step()


def test_what_ran_or_was_cancelled_cannot_be_cancelled() -> None:
    kernel: Kernel[str] = Kernel()
    first, second = kernel.schedule(1, 0, "a"), kernel.schedule(2, 0, "b")
    kernel.step()
    assert [kernel.cancel(each) for each in (first, second, second, 99)] == [False, True, False, False]


def test_the_example_in_the_docstring_runs() -> None:
    lines = [line[4:] for line in (testbed.kernel.__doc__ or "").splitlines() if line.startswith("    ")]
    scope: dict[str, Any] = {"Kernel": Kernel}
    for line in lines:
        code, _, said = line.partition("# ")
        value = eval(code, scope) if said else exec(code, scope)
        assert not said or repr(value) == said.split(":")[0]
