"""Choosing rounds and devices on the command line."""

import re

from testbed.errors import UserError

RANGE = re.compile(r"(\d*):(\d*)")


def numbers(text: str, count: int, what: str) -> list[int]:
    """`0,5,19`, `3:8` (from 3 up to, but not including, 8), or both mixed, in the order given and each once.

    Raises UserError, with the range that there is, for what is neither or lies outside 0..count-1.
    """
    chosen = [number for part in text.split(",") for number in _part(part.strip(), count, what)]
    if outside := [number for number in chosen if number >= count]:
        raise UserError(f"There is no {what} {outside[0]}: this recording has the {what}s 0 to {count - 1}.")
    if not chosen:
        raise UserError(f"{text!r} names no {what}: this recording has the {what}s 0 to {count - 1}.")
    return list(dict.fromkeys(chosen))


def spread(count: int) -> list[int]:
    """First, middle and last of `count`."""
    return sorted({0, (count - 1) // 2, count - 1})


def _part(text: str, count: int, what: str) -> list[int]:
    if text.isdecimal():
        return [int(text)]
    if not (match := RANGE.fullmatch(text)):
        raise UserError(f"{text!r} is no {what}: write numbers and ranges such as 0,5,19 or 3:8 (without 8).")
    first, last = (int(side) if side else default for side, default in zip(match.groups(), (0, count), strict=True))
    if last > count:
        raise UserError(f"There is no {what} {last - 1}: this recording has the {what}s 0 to {count - 1}.")
    return list(range(first, last))
