"""Text files of others, plain or gzip, as a stream of whole lines. Memory is bounded whatever the file holds."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from testbed.errors import UserError

LINE_BYTES = 64 * 1024
"""No line is longer."""
HEAD_BYTES = 64 * 1024
BLOCK_BYTES = 4 * 2**20
UNPACKED_BYTES = 16 * 2**30
"""No gzip file unpacks to more."""
RATIO = 200
"""Nor to more than so many times its own size, once it is beyond GRACE_BYTES: rows of numbers pack 3 to 30 times."""
GRACE_BYTES = 64 * 2**20

GZIP = b"\x1f\x8b"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Block:
    """Some lines of a file."""

    line: int
    """Number of the first, from 1."""
    text: bytes
    """Valid UTF-8; every line is whole and ends with a line feed alone."""


def refusal(path: Path, line: int, what: str) -> UserError:
    """The error that names file and line; `what` completes the sentence."""
    return UserError(f"{path}, line {line}: {what}.")


def blocks(path: Path, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """All lines, some `size` bytes at a time. Raises UserError for what is no text: binary, wrongly encoded, cut off,
    empty, with a line longer than LINE_BYTES, or unpacking beyond all measure."""
    line, rest = 1, b""
    try:
        for chunk in _with_line_feeds(_unpacked(path, size)):
            text = rest + chunk
            cut = text.rfind(b"\n") + 1
            whole, rest = text[:cut], text[cut:]
            if whole:
                yield _checked(path, line, whole)
                line += whole.count(b"\n")
            if len(rest) > LINE_BYTES:
                raise _too_long(path, line, rest)
    except (OSError, EOFError, zlib.error) as error:
        raise refusal(path, line, _unreadable(error)) from None
    if rest:
        yield _checked(path, line, rest + b"\n")
    elif line == 1:
        raise refusal(path, 1, "the file is empty")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of every line."""
    for block in blocks(path):
        yield from numbered(block)


def numbered(block: Block) -> Iterator[tuple[int, str]]:
    """Number and text of the lines of a block."""
    return enumerate(block.text.decode().split("\n")[:-1], block.line)


def head(path: Path) -> str:
    """The first 64 KiB, cut at a line's end where there is one. Raises UserError as `blocks` does."""
    text = b""
    try:
        for chunk in _with_line_feeds(_unpacked(path, HEAD_BYTES)):
            text += chunk
            if len(text) >= HEAD_BYTES:
                break
    except (OSError, EOFError, zlib.error) as error:
        raise refusal(path, 1 + text.count(b"\n"), _unreadable(error)) from None
    if not text:
        raise refusal(path, 1, "the file is empty")
    if len(text) >= HEAD_BYTES:
        text = text[: text.rfind(b"\n") + 1] or text
    _refuse_binary(path, 1, text)
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(text)
    except UnicodeDecodeError as error:
        raise _not_utf8(path, 1, text, error) from None


def _unpacked(path: Path, size: int) -> Iterator[bytes]:
    """The file's content, of a gzip file what is in it; a gzip file is known by its first bytes."""
    if not path.is_file():
        raise UserError(f"{path} is {'no file' if path.exists() else 'not there'}: name a file to import.")
    with path.open("rb") as packed:
        if packed.peek(2)[:2] != GZIP:
            while chunk := packed.read(size):
                yield chunk
            return
        total = 0
        with gzip.GzipFile(fileobj=packed) as file:
            while chunk := file.read(size):
                total += len(chunk)
                if total > min(UNPACKED_BYTES, max(GRACE_BYTES, RATIO * packed.tell())):
                    raise UserError(f"{path} unpacks to more than {total >> 20} MiB, out of all proportion: refused.")
                yield chunk


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same text with CR LF and CR become LF."""
    held = b""
    for chunk in chunks:
        text = held + chunk
        held = text[-1:] if text.endswith(b"\r") else b""
        text = text[: len(text) - len(held)]
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if held:
        yield b"\n"


def _checked(path: Path, line: int, text: bytes) -> Block:
    """The block, once it is known to be text."""
    if line == 1:
        text = text.removeprefix(codecs.BOM_UTF8)
    _refuse_binary(path, line, text)
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1) - 1
    if len(ends) and lengths.max() > LINE_BYTES:
        raise _too_long(path, line + int(lengths.argmax()), b"")
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            raise _not_utf8(path, line, text, error) from None
    return Block(line, text)


def _refuse_binary(path: Path, line: int, text: bytes) -> None:
    if line == 1 and text.startswith(UTF_16):
        raise refusal(path, line, "the file is in UTF-16: save it in UTF-8")
    if (place := text.find(b"\0")) >= 0:
        raise refusal(path, line + text.count(b"\n", 0, place), "the file is binary, not text")


def _too_long(path: Path, line: int, text: bytes) -> UserError:
    try:
        _refuse_binary(path, line, text)
    except UserError as error:
        return error
    return refusal(path, line, f"the line is longer than {LINE_BYTES >> 10} KiB: no format has such lines")


def _not_utf8(path: Path, line: int, text: bytes, error: UnicodeDecodeError) -> UserError:
    line += text.count(b"\n", 0, error.start)
    return refusal(path, line, f"byte 0x{text[error.start]:02x} is not UTF-8: save the file in UTF-8")


def _unreadable(error: OSError | EOFError | zlib.error) -> str:
    if isinstance(error, EOFError):
        return "the gzip file is cut off after this line: fetch it again"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"the gzip file is damaged after this line ({error}): fetch it again"
    return f"the file cannot be read: {error.strerror if isinstance(error, OSError) else error}"
