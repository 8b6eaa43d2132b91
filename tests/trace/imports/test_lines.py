"""Text of others as a stream: what is text comes out line by line, what is not is refused with its line."""

import gzip
import os
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.trace.imports import lines
from testbed.trace.imports.lines import blocks, head


def texts(path: Path, content: bytes) -> list[tuple[int, str]]:
    path.write_bytes(content)
    return list(lines.lines(path))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_are_the_same_however_they_end_and_are_packed(tmp_path: Path, ending: str, bom: bytes, pack) -> None:
    content = bom + f"1 Åsa{ending}{ending}2{ending}last".encode()
    assert texts(tmp_path / "file.txt", pack(content)) == [(1, "1 Åsa"), (2, ""), (3, "2"), (4, "last")]
    assert head(tmp_path / "file.txt").split("\n") == ["1 Åsa", "", "2", "last"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_whole_wherever_blocks_are_cut(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes("one\r\n\r\ntwo ä\r\nthree".encode())
    assert b"".join(block.text for block in blocks(file, size)).decode() == "one\n\ntwo ä\nthree\n"
    assert [text for block in blocks(file, size) for _, text in lines.numbered(block)] == ["one", "", "two ä", "three"]


BROKEN = {
    "empty": (b"", 1, "empty"),
    "nothing but a BOM": (b"\xef\xbb\xbf", 1, "empty"),
    "an empty gzip": (gzip.compress(b""), 1, "empty"),
    "binary": (b"1 2 3\n4 \0 5\n", 2, "binary"),
    "Latin-1": ("1\n2\nM\xfcller".encode("latin-1"), 3, "0xfc is not UTF-8"),
    "UTF-16": ("1 2 3\n".encode("utf-16"), 1, "UTF-16"),
    "a long line": (b"1\n" + b"2" * 70_000 + b"\n3\n", 2, "longer than 64 KiB"),
    "a line without end": (b"1\n2\n" + b"3" * 9_000_000, 3, "longer than 64 KiB"),
    "a cut gzip": (gzip.compress(os.urandom(5000).hex().encode() + b"\n")[:-40], 1, "cut off"),
    "a damaged gzip": (gzip.compress(b"1 2 3\n" * 99)[:-8] + b"12345678", 1, "damaged"),
    "no gzip at all": (b"\x1f\x8b12345678901234567890", 1, "damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    content, line, what = BROKEN[name]
    with pytest.raises(UserError, match=rf"file\.txt, line {line}: .*{what}"):
        texts(tmp_path / "file.txt", content)


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - {"a long line", "a line without end"}))
def test_the_head_refuses_it_as_well(tmp_path: Path, name: str) -> None:
    content, _, what = BROKEN[name]
    (tmp_path / "file.txt").write_bytes(content)
    with pytest.raises(UserError, match=what):
        head(tmp_path / "file.txt")


def test_the_head_ends_with_a_whole_line_and_never_within_a_character(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes("ä b\n".encode() * 20_000)
    assert set(head(file).split("\n")) == {"ä b", ""}
    file.write_bytes(b"x" + "ä".encode() * 50_000)
    assert set(head(file)) == {"x", "ä"}


def test_a_zip_bomb_is_refused_after_little_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "GRACE_BYTES", 2**20)
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(b"20 1 2\n" * 2_000_000))
    seen = []
    with pytest.raises(UserError, match=r"bomb\.gz unpacks to more than .* out of all proportion"):
        seen.extend(len(block.text) for block in blocks(file, 2**18))
    assert len(seen) < 10


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("none.dat", "not there"), (".", "no file"), ("pipe", "no file")):
        with pytest.raises(UserError, match=what):
            head(tmp_path / name)
