"""Who is away when: from a file, and by the Markov process."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.devices import Churn, churn
from testbed.devices.churn import Listed
from testbed.errors import UserError
from testbed.exchange import Absences
from testbed.scenario import parse
from testbed.scenario.schema import Devices

S = 1_000_000_000


def rows(absences: Absences) -> list[tuple[int, int, int]]:
    return list(zip(absences.device.tolist(), absences.from_ns.tolist(), absences.until_ns.tolist(), strict=True))


def of_file(tmp_path: Path, text: str | bytes, devices: int = 3) -> Churn:
    file = tmp_path / "churn.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return churn(Devices(count=devices, churn_file=str(file)), 1)


def test_intervals_are_read_in_any_order_and_touching_ones_are_one(tmp_path: Path) -> None:
    made = of_file(tmp_path, "device,from_s,until_s\n2, 5 ,6.5\n0,0,1\r\n\n2,0.5,5\n0,2,3\n")
    assert rows(made.between(0, 100 * S)) == [(0, 0, S), (0, 2 * S, 3 * S), (2, S // 2, 13 * S // 2)]


def test_what_meets_a_stretch_is_told_whole(tmp_path: Path) -> None:
    made = of_file(tmp_path, "device,from_s,until_s\n1,2,4\n")
    assert [rows(made.between(*each)) for each in ((0, 2 * S), (4 * S, 9 * S))] == [[], []]
    assert rows(made.between(4 * S - 1, 4 * S)) == rows(made.between(0, 2 * S + 1)) == [(1, 2 * S, 4 * S)]


def test_when_a_device_is_back(tmp_path: Path) -> None:
    made = of_file(tmp_path, "device,from_s,until_s\n1,2,4\n")
    assert made.back_ns(3 * S).tolist() == [3 * S, 4 * S, 3 * S]
    assert made.back_ns(4 * S).tolist() == [4 * S] * 3


def test_a_header_alone_says_that_all_stay(tmp_path: Path) -> None:
    assert rows(of_file(tmp_path, "device,from_s,until_s\n").between(0, S)) == []


HEAD = "device,from_s,until_s\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"churn\.csv, line 1: .* it is empty"),
        ("0,1,2\n", "line 1: the first line should be 'device,from_s,until_s'; it begins with '0,1,2'"),
        (HEAD + "0,1,2\n3,1,2\n", "line 3: '3' is not a device; there are 0 to 2"),
        (HEAD + "-1,1,2\n", "line 2: '-1' is not a device"),
        (HEAD + "0.0,1,2\n", r"line 2: '0\.0' is not a device"),
        (HEAD + "0,2,1\n", "line 2: until_s = 1 should be above from_s = 2"),
        (HEAD + "0,2,2\n", "line 2: until_s = 2 should be above from_s = 2"),
        (HEAD + "0,1,1.0000000001\n", r"line 2: until_s = 1\.0000000001 should be above"),
        (HEAD + "0,-1,1\n", "line 2: '-1' is not a time"),
        (HEAD + "0,1,nan\n", "line 2: 'nan' is not a time"),
        (HEAD + "0,1,inf\n", "line 2: 'inf' is not a time"),
        (HEAD + "0,1,1e300\n", "line 2: 1e300 s is beyond 1e[+]09 s"),
        (HEAD + "0,1,1_0\n", "line 2: '1_0' is not a time"),
        (HEAD + "0,1,٢\n", "line 2: '٢' is not a time"),
        (HEAD + "0,1\n", "line 2: it has 2 fields"),
        (HEAD + "0,1,2,3\n", "line 2: it has 4 fields"),
        (HEAD + "0,5,7\n1,5,7\n0,1,5.5\n", "line 2: device 0 is away already"),
        (HEAD + "0,5,7\n0,5,7\n", "line 3: device 0 is away already"),
        (HEAD + '0,"1,2\n', "line 2: it cannot be read as CSV"),
        (HEAD.encode() + b"0,1,\xff\n", "line 2: it is not text in UTF-8"),
        (HEAD.encode() + b"0,1,\0\n", "line 2: it is binary, not text"),
    ],
)
def test_whatever_is_odd_is_named_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(UserError, match=said):
        of_file(tmp_path, text)


def test_a_file_that_is_not_there_or_enormous(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"devices\.churn_file: .*none\.csv cannot be read"):
        churn(Devices(churn_file=str(tmp_path / "none.csv")), 1)
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(UserError, match="has 100,000,001 bytes"):
        churn(Devices(churn_file=str(tmp_path / "large.csv")), 1)


def test_a_file_and_a_process_exclude_each_other() -> None:
    with pytest.raises(UserError, match=r"churn_file and devices\.churn_s exclude each other"):
        parse({"devices": {"churn_file": "x.csv", "churn_s": [1, 1]}})


def markov(here_s: float, away_s: float, devices: int = 4, seed: int = 1) -> Churn:
    return churn(Devices(count=devices, churn_s=(here_s, away_s)), seed)


def test_what_is_seen_does_not_depend_on_how_far_anybody_looked() -> None:
    near, far = markov(3, 1), markov(3, 1)
    far.between(0, 5000 * S)
    steps = [rows(near.between(t * S, (t + 7) * S)) for t in range(0, 700, 7)]
    assert steps == [rows(far.between(t * S, (t + 7) * S)) for t in range(0, 700, 7)]
    assert rows(near.between(5 * S, 9 * S)) == rows(far.between(5 * S, 9 * S))


def test_the_process_has_its_means_and_starts_in_its_steady_state() -> None:
    made = markov(3, 1, devices=2000)
    here = np.array([(made.back_ns(t * S) == t * S).mean() for t in (0, 1, 5, 50)])
    assert here == pytest.approx(0.75, abs=0.03)
    lengths = [(until - begin) / S for _, begin, until in rows(made.between(S, 100 * S)) if begin > S]
    assert np.mean(lengths) == pytest.approx(1, rel=0.03)


def test_devices_have_streams_of_their_own() -> None:
    few, many = markov(3, 1, devices=2), markov(3, 1, devices=5)
    assert rows(few.between(0, 50 * S)) == [row for row in rows(many.between(0, 50 * S)) if row[0] < 2]
    assert rows(few.between(0, 50 * S)) != rows(markov(3, 1, devices=2, seed=2).between(0, 50 * S))


def test_times_too_short_to_mean_anything_are_refused() -> None:
    with pytest.raises(UserError, match=r"churn_s = \[1e-05, 1.0\] should be times of at least 0.001 s"):
        markov(1e-5, 1)


@given(st.sets(st.integers(0, 60), max_size=20), st.integers(0, 60), st.integers(1, 20))
def test_a_stretch_of_listed_intervals_is_what_a_look_at_each_says(edges: set[int], begin: int, length: int) -> None:
    ordered = sorted(edges)
    intervals = list(zip(ordered[::2], ordered[1::2], strict=False))
    told = Churn(1, Listed([intervals])).between(begin, begin + length)
    met = [(0, a, b) for a, b in intervals if a < begin + length and begin < b]
    assert rows(told) == met


@given(st.floats(0.001, 100), st.floats(0.001, 100), st.integers(0, 1000))
def test_intervals_of_a_device_are_apart_and_in_order(here_s: float, away_s: float, seed: int) -> None:
    ends = [(begin, until) for _, begin, until in rows(markov(here_s, away_s, 1, seed).between(0, 5 * S))]
    assert all(begin < until for begin, until in ends)
    assert all(before[1] < after[0] for before, after in pairwise(ends))
