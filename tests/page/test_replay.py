"""What a page replays, against recordings whose every nanosecond is known."""

from pathlib import Path

import numpy as np
import pytest

from testbed.exchange import NEVER, Cause
from testbed.page import replay as module
from testbed.page.columns import UNKNOWN
from testbed.page.replay import Replay, replay
from testbed.report.recording import open_recording
from tests.page.test_packed import unpacked
from tests.report.recordings import (
    MS,
    RADIO,
    Round,
    both,
    delivered,
    exchange,
    linked,
    pair_and_loner,
    sent,
    spent,
    trace,
)

KNOWN = np.array([[0.25, 0.5, np.nan]])


def replayed(folder: Path, rounds: list[Round], devices: int = 3, network: dict[str, object] = RADIO) -> Replay:
    recording = open_recording(trace(folder, rounds, devices, network))
    return replay(recording, np.repeat(KNOWN[:, :devices], len(rounds), 0))


def columns(made: Replay) -> dict[str, list[int]]:
    return {name: values for part in made.data["parts"] for name, values in unpacked(part).items()}


def test_rounds_and_messages_are_in_ticks_since_the_first_opened(tmp_path: Path) -> None:
    made = replayed(tmp_path, [pair_and_loner(500 * MS), pair_and_loner(600 * MS)])
    found, ms = columns(made), round(1e-3 / made.data["tick_s"])
    assert ms >= 1
    assert found["opened"] == [0, 100 * ms]
    assert found["closed"] == [100 * ms, 200 * ms]
    assert found["arrived"] == found["lost"] == [1, 1]
    rows = zip(*(found[name] for name in ("src", "dst", "start", "lasted", "fate")), strict=True)
    assert list(rows) == [
        (0, 1, 30 * ms, 20 * ms, Cause.ARRIVED),
        (1, 0, 40 * ms, 60 * ms, Cause.DEADLINE),  # lost: until its round closes
        (0, 1, 130 * ms, 20 * ms, Cause.ARRIVED),
        (1, 0, 140 * ms, 60 * ms, Cause.DEADLINE),
    ]
    assert found["size"] == [made.data["largest"]] * 4  # all of 100 bytes


def test_links_states_and_accuracies_of_devices(tmp_path: Path) -> None:
    made = replayed(tmp_path, [pair_and_loner()])
    found = columns(made)
    assert (found["two_count"], found["two"], found["one"]) == ([1], [0 * 3 + 1], [])
    assert [made.data["states"][code] for code in found["condition"]] == ["linked", "linked", "isolated"]
    assert found["accuracy"] == [2500, 5000, UNKNOWN]
    assert made.extremes == (0.25, 0.5)
    assert made.signs == {"link", "flying", "arrived", "lost", "linked", "isolated"}


def test_a_link_that_one_side_alone_hears_points_at_it(tmp_path: Path) -> None:
    rounds = [(sent([0], 0), exchange(linked([(2, 1)]), delivered([]), spent(3)))]
    found = columns(replayed(tmp_path, rounds))
    assert (found["two"], found["one"]) == ([], [2 * 3 + 1])


def test_what_was_never_on_the_air_does_not_fly_and_is_counted_lost(tmp_path: Path) -> None:
    lost = delivered([(0, 1, NEVER, NEVER)], Cause.AWAY)
    found = columns(replayed(tmp_path, [(sent([0], 0), exchange(linked(both((0, 1))), lost, spent(3)))]))
    assert found["start"] == []
    assert found["lost"] == [1]


def test_numbers_beyond_reason_stay_within_the_page(tmp_path: Path) -> None:
    """A trace may come from anybody; accuracies are shares, whatever the table says."""
    far = spent(3, x_m=[-1e200, 0, 1e200])
    folder = trace(tmp_path, [(sent([0], 0), exchange(linked([]), delivered([]), far))], 3, RADIO)
    found = columns(replay(open_recording(folder), np.array([[1e30, -5, np.inf]])))
    assert found["accuracy"] == [10_000, 0, UNKNOWN]
    assert all(0 <= at <= 2**14 for at in found["x"])


def test_places_are_to_scale(tmp_path: Path) -> None:
    made = replayed(tmp_path, [pair_and_loner()])  # at 0, 10 and 20 m
    at = np.array(columns(made)["x"]) / made.data["fine"] * made.data["side_m"]
    assert np.diff(at) == pytest.approx([10, 10], abs=0.01)


def test_without_places_the_page_says_that_they_mean_nothing(tmp_path: Path) -> None:
    nowhere = spent(3, x_m=np.full(3, np.nan), y_m=np.full(3, np.nan))
    made = replayed(tmp_path, [(sent([0], 0), exchange(linked(both((0, 1))), delivered([]), nowhere))])
    assert made.data["side_m"] is None
    assert "no places" in made.notes[0]


@pytest.mark.parametrize(("mobility", "glides"), [("random-waypoint", True), ("redraw", False)])
def test_who_moves_glides_and_who_is_placed_anew_does_not(tmp_path: Path, mobility: str, glides: bool) -> None:
    later = exchange(linked([]), delivered([]), spent(3, y_m=[5, 6, 7]), 100 * MS, 200 * MS)
    made = replayed(tmp_path, [pair_and_loner(), (sent([], 0), later)], network={**RADIO, "mobility": mobility})
    assert made.data["glides"] is glides
    assert any("straight lines" in note for note in made.notes) is glides


def test_too_many_messages_leave_out_whole_rounds_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = [pair_and_loner(100 * MS * round_) for round_ in range(64)]
    whole = replayed(tmp_path / "whole", rounds)
    most = len(whole.data["parts"][2]["deflate"]) - 1
    monkeypatch.setattr(module, "MESSAGE_BYTES", most)
    made = replayed(tmp_path / "part", rounds)
    every = made.data["every"]["messages"]
    assert every > 1
    assert len(columns(made)["start"]) == 2 * len(range(0, 64, every))
    assert len(columns(made)["two"]) == 64  # the links are all there
    assert any(f"messages of one round in {every}" in note for note in made.notes)
    monkeypatch.setattr(module, "MESSAGE_BYTES", 0)
    none = replayed(tmp_path / "none", rounds)
    assert none.data["every"]["messages"] == 0
    assert any("No messages are drawn" in note for note in none.notes)
    assert columns(none)["arrived"] == [1] * 64


def test_one_device_alone_is_a_network(tmp_path: Path) -> None:
    made = replayed(tmp_path, [(sent([0], 0), exchange(linked([]), delivered([]), spent(1)))], devices=1)
    assert columns(made)["density"] == [0]
    assert made.data["devices"] == 1


def test_rounds_of_no_length_do_not_stop_it(tmp_path: Path) -> None:
    made = replayed(tmp_path, [(sent([], 0), exchange(linked([]), delivered([]), spent(3), 0, 0))])
    assert columns(made)["closed"] == [0]
