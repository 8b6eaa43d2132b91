"""The bytes of adapters: counted, written and read alike."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from testbed.algorithms.common.message import Kind, Message, decode, encode
from testbed.lora.adapters import Adapters
from testbed.lora.layout import Layout, Target
from testbed.lora.wire import TYPES, Code, DType

LAYOUT = Layout(
    [Target("0", "linear", (10, 20)), Target("2", "conv", (6, 3, 5, 5)), Target("e", "embedding", (50, 8))],
    [4, 3, 2],
    [("head.weight", (3, 4)), ("head.bias", (3,))],
)
HEAD = 15


def some(seed: int = 0, rows: int = 3) -> Tensor:
    return torch.randn(rows, LAYOUT.size, generator=torch.Generator().manual_seed(seed))


def masks(*bits: int) -> Tensor:
    return torch.tensor([[bool(value >> place & 1) for place in range(LAYOUT.components)] for value in bits])


@st.composite
def messages(draw: st.DrawFn) -> tuple[Adapters, DType]:
    any_mask = st.integers(0, 2**LAYOUT.components - 1)
    kind = draw(st.sampled_from(["ranks", "one factor", "any"]))
    if kind == "any":
        a, b = masks(draw(any_mask)), masks(draw(any_mask))
    else:
        ranks = torch.tensor([[draw(st.integers(0, site.room)) for site in LAYOUT.sites]])
        a = b = LAYOUT.nested(ranks)
        if kind == "one factor":
            a = torch.zeros_like(b)
    sent = Adapters(some(draw(st.integers(0, 9)), 1), a, b)
    return sent.masked(LAYOUT), draw(st.sampled_from(TYPES))


@given(messages())
def test_what_is_read_is_what_receivers_hold(message: tuple[Adapters, DType]) -> None:
    sent, dtype = message
    code = Code(LAYOUT, dtype)
    data = code.encode(sent.values[0], sent.a[0], sent.b[0], b"more")
    values, a, b, extra = code.decode(data)
    held = code.held(sent)
    assert torch.equal(values, held.values[0])
    assert torch.equal(a, sent.a[0])
    assert torch.equal(b, sent.b[0])
    assert extra == b"more"


@given(messages())
def test_the_bytes_counted_are_those_of_the_whole_message(message: tuple[Adapters, DType]) -> None:
    sent, dtype = message
    code = Code(LAYOUT, dtype)
    data = code.encode(sent.values[0], sent.a[0], sent.b[0])
    whole = encode(Message(3, 7, 2, torch.frombuffer(bytearray(data), dtype=torch.uint8).numpy(), Kind.ADAPTERS))
    assert len(whole) == int(code.size_bytes(sent.a, sent.b))
    assert decode(whole).values.tobytes() == data


def test_bytes_by_the_formula() -> None:
    """32 bytes of header and fields, 2 for each layer's rank, and r (inputs + outputs) numbers."""
    live = LAYOUT.nested(torch.tensor([[1, 2, 0], [4, 3, 2]]))
    none = torch.zeros_like(live)
    sums = [30 + 2 * 81, 4 * 30 + 3 * 81 + 2 * 58]
    assert Code(LAYOUT).size_bytes(live, live).tolist() == [32 + 6 + 4 * (HEAD + numbers) for numbers in sums]
    b_alone = [10 + 2 * 6, 4 * 10 + 3 * 6 + 2 * 8]
    assert Code(LAYOUT, "float16").size_bytes(none, live).tolist() == [38 + 2 * (HEAD + n) for n in b_alone]
    scaled = [8 + n + 4 * r for n, r in zip(b_alone, (3, 9), strict=True)]
    assert Code(LAYOUT, "int8").size_bytes(none, live).tolist() == [38 + HEAD + n for n in scaled]


def test_scattered_components_take_a_bitmap() -> None:
    code, a, b = Code(LAYOUT), masks(0b000000010), masks(0b100000010)
    none = torch.zeros_like(a)
    assert int(code.size_bytes(a, none)) == 32 + 2 + 4 * (HEAD + 20)
    assert int(code.size_bytes(a, b)) == 32 + 4 + 4 * (HEAD + 20 + 10 + 8)


def test_a_message_of_nothing_is_not_sent() -> None:
    bare = Layout([Target("0", "linear", (10, 20))], 2)
    none = torch.zeros(1, 2, dtype=torch.bool)
    assert Code(bare).size_bytes(none, none).tolist() == [0]
    assert int(Code(LAYOUT).size_bytes(*(torch.zeros(1, 9, dtype=torch.bool),) * 2)) > 4 * HEAD


def test_short_numbers_are_near_the_long_ones() -> None:
    live = torch.ones(3, LAYOUT.components, dtype=torch.bool)
    sent = Adapters(some(), live, live)
    for dtype, most in (("float16", 2e-3), ("int8", 0.02)):
        held = Code(LAYOUT, dtype).held(sent)  # type: ignore[arg-type]
        assert 0 < (held.values - sent.values).abs().max() < most
    assert not Code(LAYOUT, "int8").held(Adapters(torch.zeros(3, LAYOUT.size), live, live)).values.any()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda data: data[:2], "at least"),
        (lambda data: bytes([2]) + data[1:], "float32"),
        (lambda data: data[:2] + bytes([7]) + data[3:], "form"),
        (lambda data: data[:6], "which they are"),
        (lambda data: data[:50], "cut short"),
    ],
)
def test_other_bytes_are_refused(change: object, word: str) -> None:
    live = torch.ones(LAYOUT.components, dtype=torch.bool)
    data = Code(LAYOUT).encode(some()[0], live, live)
    with pytest.raises(ValueError, match=word):
        Code(LAYOUT).decode(change(data))  # type: ignore[operator]
