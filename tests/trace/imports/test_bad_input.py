"""Files that are cut, binary, huge, wrongly encoded or hostile: one sentence or a sound trace, for every format."""

import gzip
import re
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.trace.imports import FORMATS, detect, import_file, lines
from tests.trace.imports.samples import OPTIONS, SAMPLES, outcome

BOMB = gzip.compress(b"\n" * (4 * 2**20), 1)
"""4 MiB of nothing in 18 kB."""
LONG = b"7" * (5 * 2**20)


@pytest.mark.parametrize("format", FORMATS)
def test_cut_anywhere_it_is_refused_or_a_sound_trace(tmp_path: Path, format: str) -> None:
    content = SAMPLES[format]
    packed = gzip.compress(content)
    for cut in range(0, len(content), max(len(content) // 60, 1)):
        outcome(tmp_path / "cut", content[:cut], format)
    for cut in range(2, len(packed), max(len(packed) // 20, 1)):
        assert outcome(tmp_path / "cut.gz", packed[:cut], format) is not None


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        bytes(range(256)) * 9,
        "1 2 3\n".encode("utf-16"),
        BOMB,
        LONG,
        gzip.compress(LONG),
        b"\x1f\x8b",
    ],
    ids=["empty", "zeros", "binary", "utf-16", "bomb", "long line", "packed long line", "half a gzip"],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, format: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "GRACE_BYTES", 2**20)
    assert outcome(tmp_path / "file", content, format)
    with pytest.raises(UserError, match="file"):
        detect(tmp_path / "file")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\0"])
def test_one_wrong_byte_is_named_with_its_line(tmp_path: Path, format: str, bad: bytes) -> None:
    content = SAMPLES[format]
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    said = outcome(tmp_path / "file", content[:last] + bad + content[last:], format)
    assert said is not None
    line = 1 + content.count(b"\n", 0, last)
    assert f"line {line}" in said or b"<" in content  # XML has no lines


NUMBERS = ["1e300", "-1e300", "nan", "inf", "9" * 30, "9" * 5000, "-1", "0x10", "1e-400", "", "٣", "1e9999999999"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_number_beyond_range_is_refused_or_a_sound_trace(tmp_path: Path, format: str) -> None:
    content = SAMPLES[format].decode()
    places = list(re.finditer(r"(?<![\w.])\d+(\.\d+)?(?![\w.])", content))
    for place in places[:: max(len(places) // 6, 1)]:
        for number in NUMBERS:
            changed = content[: place.start()] + number + content[place.end() :]
            outcome(tmp_path / "file", changed.encode(), format)


@pytest.mark.parametrize("format", ["one", "imote", "sociopatterns", "contacts", "csv"])
@pytest.mark.parametrize("time", ["1e300", "nan", "inf", "9" * 30, "1e9999999999"])
def test_a_time_beyond_range_is_named_with_its_line(tmp_path: Path, format: str, time: str) -> None:
    row = {
        "one": f"{time} CONN 1 2 up\n",
        "imote": f"1 2 {time} 5 0 0\n",
        "sociopatterns": f"{time} 1 2\n",
        "contacts": f"1 2 {time} 5\n",
        "csv": f"{time},5,a,b,,,,\n",
    }[format]
    said = outcome(tmp_path / "file", SAMPLES[format] + row.encode(), format)
    assert said is not None
    line = 1 + SAMPLES[format].count(b"\n")
    assert f"line {line}: " in said


@pytest.mark.parametrize("format", ["one", "imote", "contacts", "csv"])
def test_paths_and_markup_as_names_are_nothing_but_names(tmp_path: Path, format: str) -> None:
    name = "../../etc/passwd;$(reboot)<script>"
    row = {
        "one": f"7 CONN {name} 2 up\n",
        "imote": f"{name} 2 1 5 0 0\n",
        "contacts": f"{name} b 1 5\n",
        "csv": f"0,5,{name},b,,,,\n",
    }[format]
    path = tmp_path / "file"
    assert outcome(path, SAMPLES[format] + row.encode(), format) is None
    assert name in (import_file(path, format, OPTIONS.get(format)).header.names or ())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_no_file_is_refused(tmp_path: Path, format: str) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UserError, match="name a file"):
            import_file(path, format, OPTIONS.get(format))
