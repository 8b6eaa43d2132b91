"""Time lines: what is told of a recording, and what is drawn of it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from testbed.errors import UserError
from testbed.exchange import A_PARTNER, NEVER, Cause
from testbed.report import plot_timeline
from testbed.report.events import of_events
from testbed.report.recording import open_recording
from testbed.report.story import Mark, Message, Span, Story, of_rounds
from testbed.report.timeline import Window, compose
from testbed.results.directory import EVENTS
from testbed.tables import TableWriter
from tests.report.recordings import MS, both, delivered, exchange, linked, pair_and_loner, run, sent, spent, trace

MEETING = [
    (0, 0, "train", -1, -1),
    (0, 1, "train", -1, -1),
    (10, 0, "trained", -1, -1),
    (10, 0, "ask", 1, 0),
    (12, 1, "arrive", 0, 0),
    (12, 1, "send", 0, 1),
    (15, 0, "arrive", 1, 1),
    (15, 0, "mix", 1, 1),
    (15, 0, "send", 1, 2),
    (15, 0, "train", -1, -1),
    (17, 2, "away", -1, -1),
    (18, 0, "away", -1, -1),
    (20, 1, "deadline", 0, 1),
    (30, 2, "back", -1, -1),
]
"""0 asks 1 and mixes its model; what it sends back is lost, for it leaves; 1 trains on."""


def happened(folder: Path, rows: list[tuple[int, int, str, int, int]]) -> Path:
    """A run whose table of events has these rows, times in ms."""
    run(folder, [pair_and_loner()], 3, MS)
    writer = TableWriter(folder, "events", EVENTS)
    time_ms, *rest = zip(*rows, strict=True)
    values = [[0] * len(rows), [at * MS for at in time_ms], *rest]
    writer.append(dict(zip(EVENTS.names, values, strict=True)))
    writer.close()
    return folder


def figure_of(folder: Path, story: Story, window: Window) -> Figure:
    return compose(open_recording(folder), story, window)


def test_a_round_of_the_barrier_is_told_from_the_trace(tmp_path: Path) -> None:
    story = of_rounds(open_recording(run(tmp_path, [pair_and_loner()], 3, 4 * MS)), [0])
    assert Span("training", 0, 6 * MS, 10 * MS) in story.spans
    assert Span("hellos", 2, 0, 20 * MS) in story.spans
    assert [each for each in story.spans if each.kind == "sending"] == [
        Span("sending", 0, 30 * MS, 50 * MS),
        Span("sending", 1, 40 * MS, 100 * MS),
    ]
    assert story.messages == [Message(0, 1, 30 * MS, 50 * MS)]
    assert sorted(mark for mark in story.marks if mark.kind != "mix") == [
        Mark("arrive", 1, 50 * MS),
        Mark("lost", 1, 40 * MS),
    ]
    assert [mark for mark in story.marks if mark.kind == "mix"] == [
        Mark("mix", device, 100 * MS) for device in range(3)
    ]


def test_exchanges_of_a_round_are_sendings_of_their_own_after_one_training(tmp_path: Path) -> None:
    outbox = sent([0, 1, 0, 1], 10 * MS, A_PARTNER)
    rows = [(0, 1, 30 * MS, 50 * MS), (1, 0, 31 * MS, 55 * MS), (0, 1, 60 * MS, 70 * MS), (1, 0, 65 * MS, NEVER)]
    round_ = outbox, exchange(linked(both((0, 1))), delivered(rows), spent(2))
    spans = of_rounds(open_recording(trace(tmp_path, [round_], 2)), [0]).spans
    assert [each for each in spans if each.kind == "training"] == [Span("training", i, 0, 10 * MS) for i in (0, 1)]
    assert [each for each in spans if each.kind == "sending"] == [
        Span("sending", 0, 30 * MS, 50 * MS),
        Span("sending", 1, 31 * MS, 55 * MS),
        Span("sending", 0, 60 * MS, 70 * MS),
        Span("sending", 1, 65 * MS, 100 * MS),
    ]


def test_a_bare_trace_tells_nothing_of_mixing(tmp_path: Path) -> None:
    story = of_rounds(open_recording(trace(tmp_path, [pair_and_loner()], 3)), [0])
    assert "mix" not in story.kinds()
    assert Span("training", 0, 0, 10 * MS) in story.spans


def test_devices_that_are_away_neither_send_hellos_nor_mix(tmp_path: Path) -> None:
    each = exchange(linked([]), delivered([]), spent(3, away_ns=[100 * MS, MS, 0]))
    story = of_rounds(open_recording(run(tmp_path, [(sent([], 0), each)], 3, MS)), [0])
    assert Span("away", 0, 0, 100 * MS) in story.spans
    assert Span("partly", 1, 0, 100 * MS) in story.spans
    assert {each.device for each in story.spans if each.kind in ("hellos", "training")} == {1, 2}
    assert {each.device for each in story.marks if each.kind == "mix"} == {1, 2}


def test_a_message_that_arrives_nowhere_is_marked_where_it_was_sent(tmp_path: Path) -> None:
    rows = delivered([(0, 1, 30 * MS, NEVER)], Cause.FRAMES_LOST)
    each = exchange(linked(both((0, 1))), rows, spent(2))
    story = of_rounds(open_recording(trace(tmp_path, [(sent([0], 0), each)], 2)), [0])
    assert Mark("lost", 0, 30 * MS) in story.marks
    assert "sending" not in story.kinds()


def test_events_are_told_as_they_happened(tmp_path: Path) -> None:
    story = of_events(happened(tmp_path, MEETING), 100 * MS)
    assert sorted(story.spans) == sorted(
        [
            Span("training", 0, 0, 10 * MS),
            Span("training", 0, 15 * MS, 18 * MS),
            Span("training", 1, 0, 100 * MS),
            Span("away", 0, 18 * MS, 100 * MS),
            Span("away", 2, 17 * MS, 30 * MS),
            Span("sending", 0, 10 * MS, 12 * MS),
            Span("sending", 1, 12 * MS, 15 * MS),
        ]
    )
    assert story.messages == [Message(0, 1, 10 * MS, 12 * MS), Message(1, 0, 12 * MS, 15 * MS)]
    assert sorted(story.marks) == [
        Mark("arrive", 0, 15 * MS),
        Mark("arrive", 1, 12 * MS),
        Mark("deadline", 1, 20 * MS),
        Mark("lost", 0, 15 * MS),
        Mark("mix", 0, 15 * MS),
    ]


def test_two_messages_mixed_at_one_instant_are_one_mark(tmp_path: Path) -> None:
    story = of_events(happened(tmp_path, [(5, 0, "mix", 1, 7), (5, 0, "mix", 2, 8)]), 100 * MS)
    assert story.marks == [Mark("mix", 0, 5 * MS)]


def test_a_window_cuts_what_reaches_over_its_edge_and_drops_what_lies_outside() -> None:
    story = Story(
        [Span("training", 0, 0, 50), Span("training", 0, 60, 70), Span("training", 1, 0, 50)],
        [Mark("mix", 0, 20), Mark("mix", 0, 21), Mark("mix", 1, 15)],
        [Message(0, 2, 5, 15), Message(0, 1, 5, 15), Message(2, 0, 0, 10), Message(2, 0, 20, 30)],
    )
    inside = story.between(10, 20, [0, 2])
    assert inside == Story([Span("training", 0, 10, 20)], [Mark("mix", 0, 20)], [Message(0, 2, 5, 15)])


def test_bars_and_marks_stand_in_their_rows(tmp_path: Path) -> None:
    folder = run(tmp_path, [pair_and_loner()], 3, 4 * MS)
    story = of_rounds(open_recording(folder), [0]).between(0, 100 * MS, [1, 0])
    (axes,) = figure_of(folder, story, Window(0, 100 * MS, [1, 0])).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "0"]
    bars = {(each.get_gid(), round(each.get_paths()[0].vertices[:, 1].mean())): each for each in axes.collections}
    assert bars["sending", 1].get_paths()[0].get_extents().intervalx == pytest.approx([0.03, 0.05])
    assert bars["sending", 0].get_paths()[0].get_extents().intervalx == pytest.approx([0.04, 0.1])
    (arrival,) = [each for each in axes.collections if each.get_gid() == "arrive"]
    assert arrival.get_offsets().tolist() == [[pytest.approx(0.05), pytest.approx(0.19)]]
    arrows = [text for text in axes.texts if not text.get_text()]
    assert [(arrow.xyann, arrow.xy) for arrow in arrows] == [((0.03, 1.19), (0.05, 0.19))]


def test_messages_between_many_devices_are_not_drawn_and_that_is_said(tmp_path: Path) -> None:
    each = exchange(linked([]), delivered([(0, 1, 1, 2)]), spent(12))
    folder = trace(tmp_path / "t", [(sent([0], 0), each)], 12)
    assert "Too many for arrows" in plot_timeline(folder, tmp_path / "f.svg")
    assert "Too many" not in plot_timeline(folder, tmp_path / "f.svg", devices="0:3")


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_equal_runs_are_equal_time_lines(tmp_path: Path, ending: str) -> None:
    folder = happened(tmp_path / "r", MEETING)
    files = [tmp_path / f"{number}.{ending}" for number in (1, 2)]
    said = [plot_timeline(folder, file, until_s=0.05) for file in files]
    assert "3 of 3 devices, 0 to 0.05 s, 2 messages" in said[0]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_first_rounds_are_drawn_where_none_are_named(tmp_path: Path) -> None:
    folder = trace(tmp_path / "t", [pair_and_loner(at * 100 * MS) for at in range(5)], 3)
    assert " 0 to 0.3 s" in plot_timeline(folder, tmp_path / "f.svg")
    assert " 0.1 to 0.2 s" in plot_timeline(folder, tmp_path / "f.svg", "1")
    assert " 0.25 to 0.5 s" in plot_timeline(folder, tmp_path / "f.svg", from_s=0.25)


def test_an_empty_network_of_one_device_has_a_time_line(tmp_path: Path) -> None:
    each = exchange(linked([]), delivered([]), spent(1, x_m=[np.nan]))
    said = plot_timeline(trace(tmp_path / "t", [(sent([], 0), each)], 1), tmp_path / "f.svg")
    assert "1 of 1 devices" in said
    assert "0 messages" in said


def test_what_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    folder = trace(tmp_path / "t", [pair_and_loner()], 3)
    with pytest.raises(UserError, match="exclude each other"):
        plot_timeline(folder, tmp_path / "f.svg", "0", from_s=0)
    with pytest.raises(UserError, match=r"nothing from 2 to 0.1 s: this recording goes from 0 to 0.1 s"):
        plot_timeline(folder, tmp_path / "f.svg", from_s=2)
    with pytest.raises(UserError, match=r"nothing from 0.05 to 0.01 s"):
        plot_timeline(folder, tmp_path / "f.svg", from_s=0.05, until_s=0.01)
    with pytest.raises(UserError, match="no device 3"):
        plot_timeline(folder, tmp_path / "f.svg", devices="3")


def test_a_foreign_table_of_events_is_a_sentence(tmp_path: Path) -> None:
    run(tmp_path, [pair_and_loner()], 3, MS)
    writer = TableWriter(tmp_path, "events", pa.schema([("time_ns", pa.int64())]))
    writer.append({"time_ns": [1]})
    writer.close()
    with pytest.raises(UserError, match="'events' is foreign or damaged: it has no column 'device'"):
        plot_timeline(tmp_path, tmp_path / "f.svg")
