"""Bytes of components, and what a budget has place for."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from testbed.lora.budget import component_bytes, filled
from testbed.lora.layout import Layout, Target
from testbed.lora.wire import DType

LAYOUT = Layout([Target("0", "linear", (10, 20)), Target("2", "conv", (6, 3, 5, 5))], [2, 1], [("head", (5,))])


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float32", [120, 40, 300]), ("float16", [60, 20, 150]), ("int8", [38, 14, 79])]
)
def test_bytes_are_those_of_rows_and_columns(dtype: DType, expected: list[int]) -> None:
    """In int8 a row has a scale of 4 bytes."""
    a, b = torch.tensor([[True, False, True]]), torch.tensor([[True, True, False]])
    assert component_bytes(LAYOUT, a, b, dtype).tolist() == [expected]


def test_filled_by_hand() -> None:
    scores = torch.tensor([[3.0, 1, 2, 5], [1, 1, 1, 1], [torch.nan, 0, -torch.inf, 2]])
    sizes = torch.tensor([[4, 3, 5, 6], [2, 2, 2, 2], [1, 1, 1, 1]])
    taken = filled(scores, sizes, torch.tensor([10, 4, 2]))
    assert taken.tolist() == [[True, False, False, True], [True, True, False, False], [False, True, False, True]]
    assert filled(scores[:1], sizes[:1], torch.tensor([9])).tolist() == [[False, True, False, True]]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 9)), min_size=1, max_size=9), st.integers(0, 30))
def test_what_is_left_out_did_not_fit(entries: list[tuple[int, int]], budget: int) -> None:
    scores = torch.tensor([[float(score) for score, _ in entries]])
    sizes = torch.tensor([[size for _, size in entries]])
    (taken,) = filled(scores, sizes, torch.tensor([budget]))
    left, expected = budget, set()
    for place in sorted(range(len(entries)), key=lambda each: (-entries[each][0], each)):
        if entries[place][1] <= left:
            left -= entries[place][1]
            expected.add(place)
    assert set(taken.nonzero().flatten().tolist()) == expected
    assert sizes[0][taken].sum() <= budget


def test_of_equal_scores_the_first_come_first() -> None:
    taken = filled(torch.ones(2, 3000), torch.ones(2, 3000, dtype=torch.int64), torch.tensor([1000, 1]))
    assert taken[0, :1000].all()
    assert taken[1, 0]
    assert taken.sum() == 1001
