"""The criteria of AutoRank, by hand."""

import math

import pytest
import torch

from testbed.lora.complexity import BINS, complexity

ALL = ("difficulty", "entropy", "gini_simpson", "labels", "volume")
COUNTS = torch.tensor([[4, 4, 4, 4], [16, 0, 0, 0], [3, 1, 0, 0], [0, 0, 0, 0]])


def test_of_labels() -> None:
    found = complexity(ALL[1:], COUNTS, [torch.ones(1)] * 4)
    three = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25)) / math.log(4)
    expected = [
        [1.0, 0.75, 4, math.log(17)],
        [0.0, 0.0, 1, math.log(17)],
        [three, 1 - 9 / 16 - 1 / 16, 2, math.log(5)],
        [0.0, 0.0, 0, 0.0],
    ]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_difficulty_is_the_entropy_of_the_histogram() -> None:
    width = 2 * math.log(4) / (BINS - 1)
    losses = [
        torch.arange(BINS) * width + width / 2,  # one in each bin, the last beyond twice ln 4
        torch.full((9,), 1.3),
        torch.tensor([0.0, width / 2, 50.0, 7000.0, torch.inf, torch.nan]),
        torch.zeros(0),
    ]
    found = complexity(("difficulty",), COUNTS, losses)[:, 0]
    two = -(1 / 3 * math.log(1 / 3) + 2 / 3 * math.log(2 / 3))
    torch.testing.assert_close(found, torch.tensor([math.log(BINS), 0.0, two, 0.0]))


def test_edges_are_common_to_devices() -> None:
    """Half the losses spread half as far: fewer bins."""
    losses = torch.rand(1000, generator=torch.Generator().manual_seed(0)) * 2
    wide, narrow = complexity(("difficulty",), COUNTS[:2], [losses, losses / 2])[:, 0]
    assert wide - narrow == pytest.approx(math.log(2), abs=0.1)


def test_one_class_is_no_division_by_zero() -> None:
    assert complexity(ALL, torch.tensor([[5]]), [torch.ones(3)])[0, :4].tolist() == [0, 0, 0, 1]


def test_columns_are_in_the_order_asked_for() -> None:
    found = complexity(("labels", "entropy"), COUNTS, [torch.ones(1)] * 4)
    assert found[0].tolist() == [4, 1]
    assert found.dtype == torch.float32
