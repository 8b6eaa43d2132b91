"""The file of absences: CSV with the header `device,from_s,until_s`, one interval a line, in any order.

Whatever is odd about it is an error that names the file and the line: a misread interval would spoil a result
without a word.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from testbed.errors import UserError

HEADER = ["device", "from_s", "until_s"]
LATEST_S = 1e9
"""About 31 years; in nanoseconds it fits into 64 bits with room to spare."""

LARGEST_BYTES = 100_000_000
NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
DEVICE = re.compile(r"\d{1,9}", re.ASCII)


def read_intervals(path: str | Path, devices: int) -> list[list[tuple[int, int]]]:
    """For each device its intervals [from, until) in nanoseconds, in order of time, touching ones as one.

    Raises UserError for a file that is missing, too large, not text, without its header, or with a line that does
    not hold a device and two numbers, 0 <= from_s < until_s, apart from the device's other intervals.
    """
    file = Path(path)
    rows: list[list[tuple[int, int, int]]] = [[] for _ in range(devices)]
    for line, fields in _lines(file):
        try:
            device, begin, end = _interval(fields, devices)
        except ValueError as error:
            raise UserError(f"{file}, line {line}: {error}.") from None
        rows[device].append((begin, end, line))
    return [_joined(file, device, sorted(intervals)) for device, intervals in enumerate(rows)]


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of each line below the header; blank lines are left out."""
    reader = csv.reader(_text(file).splitlines(), strict=True)
    try:
        if (header := next(reader, None)) != HEADER:
            found = "it is empty" if header is None else f"it begins with {','.join(header)[:60]!r}"
            raise UserError(f"{file}, line 1: the first line should be {','.join(HEADER)!r}; {found}.")
        yield from ((reader.line_num, fields) for fields in reader if fields)
    except csv.Error as error:
        raise UserError(f"{file}, line {reader.line_num}: it cannot be read as CSV: {error}.") from None


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise UserError(f"{file} has {file.stat().st_size:,} bytes; a churn file has at most {LARGEST_BYTES:,}.")
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(f"devices.churn_file: {file} cannot be read: {error.strerror}.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError(f"{file}, line {line}: it is not text in UTF-8.") from None
    if "\0" in text:
        raise UserError(f"{file}, line {text[: text.index(chr(0))].count(chr(10)) + 1}: it is binary, not text.")
    return text


def _interval(fields: list[str], devices: int) -> tuple[int, int, int]:
    """Device, from and until. Raises ValueError with what is wrong."""
    if len(fields) != len(HEADER):
        raise ValueError(f"it has {len(fields)} fields where {','.join(HEADER)!r} are 3")
    name, *times = (field.strip() for field in fields)
    if not DEVICE.fullmatch(name) or int(name) >= devices:
        raise ValueError(f"{name[:40]!r} is not a device; there are 0 to {devices - 1} (devices.count)")
    begin, end = (_nanoseconds(time) for time in times)
    if end <= begin:
        raise ValueError(f"until_s = {times[1]} should be above from_s = {times[0]}")
    return int(name), begin, end


def _nanoseconds(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a time in seconds, from 0 up")
    if float(text) > LATEST_S:
        raise ValueError(f"{text[:40]} s is beyond {LATEST_S:g} s")
    return round(float(text) * 1e9)


def _joined(file: Path, device: int, intervals: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Intervals in order; one that begins as the last ends goes on with it."""
    joined: list[tuple[int, int]] = []
    for begin, end, line in intervals:
        if joined and begin < joined[-1][1]:
            raise UserError(f"{file}, line {line}: device {device} is away already: its intervals overlap.")
        if joined and begin == joined[-1][1]:
            begin = joined.pop()[0]
        joined.append((begin, end))
    return joined
