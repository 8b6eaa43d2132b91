"""ONE events: pairs are counted up and down, and what is no contact is passed over."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.trace import Trace
from testbed.trace.imports.base import Options
from tests.trace.imports.samples import SAMPLES, assert_sound, imported, oddities

S = 10**9


def contacts(trace: Trace) -> list[tuple[str, str, float, float]]:
    """Names, start and end in seconds of every link whose source comes first."""
    links, names = trace.links, trace.header.names
    assert names is not None
    columns = zip(links.src.tolist(), links.dst.tolist(), links.t_start_ns / S, links.t_end_ns / S, strict=True)
    return [(names[src], names[dst], start, end) for src, dst, start, end in columns if src < dst]


def read(tmp_path: Path, events: str, **options: float) -> Trace:
    trace = imported(tmp_path / "events.txt", events.encode(), "one", Options(**options))
    assert_sound(trace)
    return trace


def test_the_sample_has_its_two_contacts(tmp_path: Path) -> None:
    trace = imported(tmp_path / "events.txt", SAMPLES["one"])
    assert contacts(trace) == [("1", "2", 0.5, 2.25), ("2", "n3", 1, 3)]
    assert oddities(trace) == {"other_action": 1}
    assert len(trace.links) == 4


def test_a_pair_is_up_until_each_up_had_its_down(tmp_path: Path) -> None:
    trace = read(
        tmp_path, "0 CONN 1 2 up\n1 CONN 2 1 up\n2 CONN 1 2 down\n5 CONN 1 2 down\n5 CONN 1 2 up\n5 CONN 1 2 down"
    )
    assert contacts(trace) == [("1", "2", 0, 5), ("1", "2", 5, 5)]
    assert oddities(trace) == {"overlap": 1, "zero_length": 1}


def test_a_down_without_an_up_is_left_out_and_an_up_without_a_down_lasts_to_the_end(tmp_path: Path) -> None:
    trace = read(tmp_path, "1 CONN 1 2 down\n2 CONN 1 2 up wlan\n3 CONN 1 1 up\n4 CONN 3 1 DOWN\n9.5 C M1 1 2 10\n")
    assert contacts(trace) == [("1", "2", 2, 9.5)]
    assert oddities(trace) == {"unmatched_down": 2, "unclosed": 1, "self_loop": 1, "other_action": 1}


def test_events_out_of_order_are_sorted(tmp_path: Path) -> None:
    trace = read(tmp_path, "5 CONN 1 2 down\n1 CONN 1 2 up\n")
    assert contacts(trace) == [("1", "2", 1, 5)]
    assert oddities(trace) == {"out_of_order": 1}


def test_a_window_cuts_contacts_also_those_that_began_before_it(tmp_path: Path) -> None:
    trace = read(tmp_path, "1 CONN 1 2 up\n5 CONN 1 3 up\n20 CONN 1 2 down\n21 CONN 1 3 down\n", from_s=3, to_s=10)
    assert contacts(trace) == [("1", "2", 3, 10), ("1", "3", 5, 10)]
    assert oddities(trace) == {}


def test_a_file_with_messages_alone_holds_no_contact(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"events\.txt holds no contact: it has no CONN line, only 2 other events"):
        imported(tmp_path / "events.txt", b"4853.0\tC\tM1\t3\t5\t994\n5332.4\tC\tM2\t3\t9\t366\n")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("4 CONN 1 2 sideways", "'sideways' should be up or down"),
        ("4 JUMP 1 2 up", "'JUMP'"),
        ("x C M1 1 2", "no number"),
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(UserError, match=rf"events\.txt, line 3: .*{what}"):
        read(tmp_path, f"# events\n1 CONN 1 2 up\n{line}\n5 CONN 1 2 down\n")


EVENTS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from("012"), st.sampled_from("012"), st.booleans()), min_size=1
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_the_count_says_who_is_linked(tmp_path: Path, events: list[tuple[int, str, str, bool]]) -> None:
    """Against a count kept event by event."""
    text = "".join(f"{t} CONN {a} {b} {'up' if up else 'down'}\n" for t, a, b, up in events)
    found = {(a, b, t) for a, b, start, end in contacts(read(tmp_path, text)) for t in range(int(start), int(end))}
    count: dict[tuple[str, str], int] = {}
    expected, last = set(), max(event[0] for event in events)
    for now in range(last):
        for _, a, b, up in (event for event in events if event[0] == now and event[1] != event[2]):
            pair = (min(a, b), max(a, b))
            count[pair] = max(count.get(pair, 0) + (1 if up else -1), 0)
        expected |= {(*pair, now) for pair, ups in count.items() if ups}
    assert found == expected
