"""Rows as columns: the quick way and the slow way say the same, and times are exact."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.trace.imports import names as names_module
from testbed.trace.imports import rows as rows_module
from testbed.trace.imports.cells import UNITS, Column, Kind, Layout, exact_ns
from testbed.trace.imports.lines import Block
from testbed.trace.imports.names import Coded, Names
from testbed.trace.imports.rows import batches

SPACED = Layout((Column("t", Kind.TIME), Column("a", Kind.NODE), None))
COMMAS = Layout((Column("a", Kind.NODE), Column("end", Kind.END, "ms"), Column("x", Kind.NUMBER, low=0)), ",")


def read(path: Path, content: str, layout: Layout) -> tuple[dict[str, list], Names]:
    path.write_text(content, "utf-8")
    names = Names(path)
    found = list(batches(path, layout, names))
    return {key: [value for batch in found for value in batch[key].tolist()] for key in found[0]}, names


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("text", ["0", "-3", "12.5", "1331041516.123456789", "1.5e3", "+7", "4500000000"])
def test_a_time_is_exact_to_the_nanosecond_both_ways(tmp_path: Path, unit: str, text: str) -> None:
    factor = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
    want = int((Decimal(text) * factor[unit]).to_integral_value())
    layout = Layout((Column("t", Kind.TIME, unit), Column("a", Kind.NODE), None))
    if abs(want) >= 2**62:
        with pytest.raises(UserError, match=r"line 1: the time .* is out of range"):
            read(tmp_path / "file", f"{text} a -\n", layout)
    else:
        assert exact_ns(text, unit) == want
        assert read(tmp_path / "file", f"{text} a -\n", layout)[0]["t"] == [want]


CELL = st.one_of(
    st.decimals(-(10**12), 10**12, places=3).map(str),
    st.sampled_from(
        ["1e3", "1e30", "nan", "inf", "", "-", "0x10", "1_0", "9" * 30, " 4", '"5"', "0.1234567891234", "٣"]
    ),
)
NAME = st.sampled_from(["1", "01", "Åsa", "../../etc/passwd", "x y", "n" * 201, "a\x07b", '"q"', "#1", "", "\u2028"])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAME, CELL, CELL), min_size=1, max_size=4), st.sampled_from([",", " ", "\t"]))
def test_what_the_quick_way_takes_the_slow_way_takes_for_the_same(cells: list[tuple[str, ...]], by: str) -> None:
    layout = COMMAS if by == "," else Layout(COMMAS.columns)
    text = "".join(by.join(row).replace("\n", " ") + "\n" for row in cells).encode()
    quick = rows_module._regular(text, layout)
    if quick is not None:
        slow = rows_module._irregular(Path("file"), Block(1, text), layout)
        assert [_plain(column) for column in quick.values()] == [_plain(column) for column in slow.values()]


def _plain(column: object) -> list[object]:
    if isinstance(column, Coded):
        return [column.texts[code] for code in column.rows.tolist()]
    return [repr(value) for value in column.tolist()]  # type: ignore[attr-defined]


def test_comments_blank_lines_and_mixed_white_space_are_fine(tmp_path: Path) -> None:
    found, names = read(tmp_path / "file", "# t a x\n\n1  a\t-\n  # more\n 2 b -  \n\n", SPACED)
    assert found == {"t": [10**9, 2 * 10**9], "a": [0, 1]}
    assert names.sorted()[0] == ("a", "b")


WRONG = {
    "1 a\n": "line 1: 3 columns were expected, here are 2",
    "1 a -\n2 b - -\n": "line 2: 3 columns were expected, here are 4",
    "1 a -\n\n# x\nzwei b -\n": "line 4: 'zwei' is no number",
    "1e300 a -\n": "line 1: the time '1e300' is out of range",
    "nan a -\n": "line 1: 'nan' is no number",
    "-inf a -\n": "line 1: '-inf' is no number",
    f"1 a -\n{'9' * 60000} a -\n": r"line 2: '9{40}\.\.\.' is no number",
    f"1 {'n' * 201} -\n": "line 1: the name of a node is longer than 200",
    "1 a\x07b -\n": r"line 1: the name 'a\\x07b' of a node has control characters",
}


@pytest.mark.parametrize("content", WRONG, ids=range(len(WRONG)))
def test_a_row_that_does_not_fit_is_named_by_its_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=rf"file, {WRONG[content]}"):
        read(tmp_path / "file", content, SPACED)


def test_missing_numbers_and_open_ends_are_allowed_where_they_mean_something(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "file", 'a,5,1.5\n"b, c",,\n', COMMAS)
    assert found["end"] == [5_000_000, 2**63 - 1]
    assert repr(found["x"]) == "[1.5, nan]"
    with pytest.raises(UserError, match="line 1: x '-1' should lie in 0"):
        read(tmp_path / "file", "a,5,-1\n", COMMAS)
    with pytest.raises(UserError, match="line 2: unexpected end of data"):
        read(tmp_path / "file", 'a,5,1\n"a,5,1\n', COMMAS)


def test_names_are_in_natural_order_numbers_before_words(tmp_path: Path) -> None:
    ids = ["n10", "10", "9", "n9", "../../etc/passwd", "1" + "0" * 40, "007"]
    _, names = read(tmp_path / "file", "".join(f"1 {id_} -\n" for id_ in ids), SPACED)
    assert names.sorted()[0] == ("007", "9", "10", "1" + "0" * 40, "../../etc/passwd", "n9", "n10")


def test_more_nodes_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "NODES", 99)
    with pytest.raises(UserError, match="file has more than 99 nodes"):
        read(tmp_path / "file", "".join(f"1 {10**12 + id_} -\n" for id_ in range(100)), SPACED)
