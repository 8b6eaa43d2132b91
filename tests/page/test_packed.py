"""Numbers come out of a page as they went in: decoded here as the module's docstring says, not by its code."""

import base64
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.page.packed import packed

NUMBERS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20)


def unpacked(found: dict[str, Any]) -> dict[str, list[int]]:
    rest, columns = zlib.decompress(base64.b64decode(found["deflate"])), {}
    for name, count, width, is_differences in found["columns"]:
        planes, rest = rest[: count * width], rest[count * width :]
        each = [bytes(planes[i + plane * count] for plane in range(width)) for i in range(count)]
        stored = [int.from_bytes(value, "little", signed=True) for value in each]
        columns[name] = np.cumsum(stored).tolist() if is_differences else stored
    assert not rest
    return columns


@given(NUMBERS, NUMBERS)
def test_any_numbers_come_back(a: list[int], b: list[int]) -> None:
    assert unpacked(packed({"a": np.array(a, int), "b": np.array(b, int)})) == {"a": a, "b": b}


@given(st.lists(st.integers(-(2**30), 2**30 - 1), max_size=20))
def test_differences_come_back(values: list[int]) -> None:
    assert unpacked(packed({"a": np.array(values, int)}, {"a"})) == {"a": values}


@pytest.mark.parametrize(("largest", "width"), [(127, 1), (128, 2), (-129, 2), (32768, 4)])
def test_a_number_takes_no_more_bytes_than_it_needs(largest: int, width: int) -> None:
    assert packed({"a": np.array([0, largest])})["columns"] == [["a", 2, width, False]]


def test_a_number_beyond_32_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bits"):
        packed({"a": np.array([2**31])})
