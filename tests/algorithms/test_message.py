import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.algorithms.common.message import Message, decode, encode, size_bytes

WORD = st.integers(0, 2**32 - 1)


@given(WORD, WORD, WORD, st.integers(1, 300))
def test_what_is_encoded_is_decoded(sender: int, round_: int, degree: int, count: int) -> None:
    values = np.random.default_rng(count).standard_normal(count).astype(np.float32)
    data = encode(Message(sender, round_, degree, values))
    assert len(data) == size_bytes(count)
    message = decode(data)
    assert (message.sender, message.round, message.degree) == (sender, round_, degree)
    np.testing.assert_array_equal(message.values, values)


def test_the_layout_is_fixed() -> None:
    data = encode(Message(1, 2, 3, np.array([1.0], dtype=np.float32)))
    assert data.hex() == "54424d580101000001000000020000000300000001000000" + data[24:28].hex() + "0000803f"
    assert size_bytes(1) == 32


def test_a_message_without_values_is_not_sent() -> None:
    assert size_bytes(0) == 0
    with pytest.raises(ValueError, match="is not sent"):
        encode(Message(1, 2, 3, np.empty(0, dtype=np.float32)))


GOOD = encode(Message(1, 2, 3, np.ones(5, dtype=np.float32)))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "at least 28 bytes, this has 0"),
        (GOOD[:27], "at least 28 bytes, this has 27"),
        (b"X" + GOOD[1:], "begins with"),
        (GOOD[:4] + b"\x09" + GOOD[5:], "version 9"),
        (GOOD[:5] + b"\x09" + GOOD[6:], "type 9"),
        (GOOD[:5] + b"\x02" + GOOD[6:], "of 5 values has 33 bytes, this has 48"),
        (GOOD[:-1], "of 5 values has 48 bytes, this has 47"),
        (GOOD + b"\x00", "has 49"),
    ],
)
def test_foreign_and_truncated_bytes_are_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode(data)


@given(st.integers(0, 8 * len(GOOD) - 1))
def test_any_flipped_bit_is_noticed(bit: int) -> None:
    damaged = bytearray(GOOD)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"message"):
        decode(bytes(damaged))
