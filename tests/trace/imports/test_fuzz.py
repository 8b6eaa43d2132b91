"""Whatever a file holds, an importer says what is wrong or gives a sound trace; `make fuzz` looks for longer."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.trace.imports import FORMATS
from testbed.trace.imports.base import Options
from tests.trace.imports.samples import OPTIONS, SAMPLES, outcome

TOKENS = [
    *"0123",
    "10",
    "20",
    "-5",
    "0.5",
    "1e9",
    "nan",
    "x",
    "CONN",
    "up",
    "down",
    "C",
    ",",
    " ",
    " ",
    "\t",
    "\n",
    "\n",
]
TOKENS += ["#", '"', "{", "}", "[", "]", ":", "<", ">", "$node_(0)", "setdest", "source_tq", "é", "\r", "9" * 25]
WINDOWS = st.sampled_from([{}, {"from_s": 1.0, "to_s": 30.0}, {"to_s": 0.5}, {"hold_s": 7.0}, {"time_unit": "h"}])


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """The sample with some pieces taken out, repeated, moved or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        last = min(last, first + 60)
        new = draw(st.sampled_from([b"", 2 * content[first:last], *[token.encode() for token in TOKENS]]))
        content = content[:first] + new + content[last:]
    return content


def rows(separator: str) -> st.SearchStrategy[bytes]:
    """Lines of numbers and words, as lists have them."""
    cell = st.sampled_from(["0", "1", "2", "20", "40", "0.25", "-1", "a", "nan", "", "CONN", "up", "down"])
    row = st.lists(cell, min_size=3, max_size=6).map(separator.join)
    return st.lists(row, max_size=8).map(lambda lines: "\n".join(lines).encode())


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(st.data())
def test_an_importer_refuses_in_words_or_gives_a_sound_trace(tmp_path: Path, format: str, data: st.DataObject) -> None:
    tokens = st.lists(st.sampled_from(TOKENS), max_size=40).map(lambda parts: "".join(parts).encode())
    kinds = [st.binary(max_size=200), tokens, rows(" "), rows(","), *3 * [mutated(SAMPLES[format])]]
    content = data.draw(st.one_of(kinds))
    stated = {"time_unit": OPTIONS[format].time_unit, "range_m": OPTIONS[format].range_m} if format in OPTIONS else {}
    options = Options(**{**stated, **data.draw(WINDOWS)})  # type: ignore[arg-type]
    outcome(tmp_path / "file", content, format, options)
