"""Films: what stands in their frames, and what NetAnim is told."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.animation import writers
from PIL import Image

from testbed.errors import UserError
from testbed.report import animate
from testbed.report.animation import Scene, instants
from testbed.report.netanim import film
from testbed.report.recording import open_recording
from tests.report.recordings import MS, delivered, exchange, linked, pair_and_loner, sent, spent, trace


def two_rounds(folder: Path) -> Path:
    return trace(folder, [pair_and_loner(), pair_and_loner(100 * MS)], 3)


def artists(scene: Scene) -> dict[str, list[object]]:
    """What moves: the places of messages under way, and the segments they arrived on."""
    collections = {each.get_gid(): each for each in scene.axes.collections}
    return {
        "under way": collections["under way"].get_offsets().tolist(),
        "arrived": [path.vertices.tolist() for path in collections["arrived"].get_paths()],
    }


@pytest.mark.parametrize(
    ("at_ms", "under_way", "arrived"),
    [
        (29, [], []),
        (30, [[0, 0]], []),
        (35, [[2.5, 0]], []),
        (50, [], [[[5, 0], [10, 0]]]),
        (99, [], [[[5, 0], [10, 0]]]),
    ],
)
def test_a_message_moves_from_its_first_frame_to_its_arrival(
    tmp_path: Path, at_ms: int, under_way: list[object], arrived: list[object]
) -> None:
    scene = Scene(open_recording(two_rounds(tmp_path)), [0, 1])
    scene.show(1, 150 * MS)
    scene.show(0, at_ms * MS)
    assert artists(scene) == {"under way": under_way, "arrived": arrived}
    assert scene.clock.get_text() == f"{at_ms / 1e3:.3f} s, round 0"
    assert scene.count.get_text() == f"{len(arrived)} of 2 deliveries have arrived, 1 never will"


def test_pixels_do_not_depend_on_the_frames_before(tmp_path: Path) -> None:
    recording = open_recording(two_rounds(tmp_path))
    alone = Scene(recording, [0, 1]).image(1, 140 * MS)
    scene = Scene(recording, [0, 1])
    for round_, at_ms in ((0, 35), (0, 60), (1, 135)):
        scene.image(round_, at_ms * MS)
    assert np.array_equal(scene.image(1, 140 * MS), alone)
    assert not np.array_equal(scene.image(1, 190 * MS), alone)


def test_frames_are_spread_evenly_over_the_chosen_rounds(tmp_path: Path) -> None:
    rounds = [pair_and_loner(at * 100 * MS) for at in range(3)]
    recording = open_recording(trace(tmp_path, rounds, 3))
    shown = instants(recording, [0, 2], 5)
    assert shown == [(0, 0), (0, 50 * MS), (0, 100 * MS), (2, 250 * MS), (2, 300 * MS)]


def test_a_film_is_the_same_every_time(tmp_path: Path) -> None:
    folder, files = two_rounds(tmp_path / "t"), [tmp_path / "a.gif", tmp_path / "b.gif"]
    said = [animate(folder, file, seconds=0.6) for file in files]
    assert said[0] == f"{files[0]}: rounds 0 to 1 of 3 devices, 6 frames."
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as picture:
        assert picture.n_frames == 6  # type: ignore[attr-defined]
        assert picture.info["duration"] == 100


def test_a_film_of_nothing_and_nowhere(tmp_path: Path) -> None:
    each = exchange(linked([]), delivered([]), spent(2, x_m=[np.nan] * 2), 5, 5)
    folder = trace(tmp_path / "t", [(sent([], 0), each)], 2, {"kind": "graph"})
    assert "round 0 of 2 devices" in animate(folder, tmp_path / "f.gif", seconds=0.2)
    assert (tmp_path / "f.gif").is_file()


def test_netanim_is_told_places_and_messages(tmp_path: Path) -> None:
    outbox, whole = pair_and_loner()
    higher = (outbox, replace(whole, devices=spent(3, y_m=[5, 5, 5])))
    recording = open_recording(trace(tmp_path, [higher, pair_and_loner(100 * MS)], 3))
    root = ElementTree.fromstring(film(recording, [0, 1]))
    assert root.attrib == {"ver": "netanim-3.109", "filetype": "animation"}
    nodes = [(node.get("id"), node.get("locX"), node.get("locY")) for node in root.iter("node")]
    assert nodes == [("0", "0", "-5"), ("1", "10", "-5"), ("2", "20", "-5")]
    packets = [packet.attrib for packet in root.iter("p")]
    assert len(packets) == 2
    assert packets[0] == {
        "fId": "0",
        "fbTx": "0.03",
        "lbTx": "0.05",
        "meta-info": "round 0: 100 bytes",
        "tId": "1",
        "fbRx": "0.05",
        "lbRx": "0.05",
    }
    moves = [each for each in root.iter("nu") if each.get("p") == "p"]
    assert [(each.get("t"), each.get("y")) for each in moves] == [("0", "-5")] * 3 + [("0.1", "0")] * 3


def test_netanim_reads_the_version_from_the_first_line(tmp_path: Path) -> None:
    first = film(open_recording(two_rounds(tmp_path)), [0]).splitlines()[0]
    assert first == '<anim ver="netanim-3.109" filetype="animation" >'


def test_what_cannot_be_filmed_is_a_sentence(tmp_path: Path) -> None:
    folder = two_rounds(tmp_path / "t")
    with pytest.raises(UserError, match=r"should end in one of \.gif, \.mp4, \.xml"):
        animate(folder, tmp_path / "f.avi")
    with pytest.raises(UserError, match="no round 2"):
        animate(folder, tmp_path / "f.gif", "2")
    for seconds in (0, -1, float("nan"), 601):
        with pytest.raises(UserError, match="choose a length"):
            animate(folder, tmp_path / "f.gif", seconds=seconds)


def test_mp4_without_ffmpeg_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "is_available", lambda _: False)
    with pytest.raises(UserError, match="there is no ffmpeg on this machine"):
        animate(two_rounds(tmp_path / "t"), tmp_path / "f.mp4")
