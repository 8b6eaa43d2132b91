"""Adapters as peft names, shapes and scales them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from testbed.errors import UserError
from testbed.lora.layout import Layout, Target
from testbed.lora.peft import from_peft, peft_names

LAYOUT = Layout(
    [
        Target("block.fc", "linear", (6, 5)),
        Target("conv", "conv", (4, 3, 2, 3)),
        Target("words", "embedding", (7, 4)),
    ],
    [3, 4, 2],
    [("head.weight", (3, 4)), ("head.bias", (3,))],
)


def values(*ranks: int) -> Tensor:
    live = LAYOUT.nested(torch.tensor(ranks))
    drawn = torch.randn(LAYOUT.size, generator=torch.Generator().manual_seed(1))
    return drawn.masked_fill(~LAYOUT.columns(live, live), 0.0)


def test_names_and_shapes_are_those_of_peft() -> None:
    state = peft_names(LAYOUT, values(2, 3, 1), [2, 3, 1])
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == {
        "block.fc.lora_A.weight": (2, 5),
        "block.fc.lora_B.weight": (6, 2),
        "conv.lora_A.weight": (3, 3, 2, 3),
        "conv.lora_B.weight": (4, 3, 1, 1),
        "words.lora_embedding_A": (1, 7),
        "words.lora_embedding_B": (4, 1),
        "head.weight": (3, 4),
        "head.bias": (3,),
    }
    assert all(tensor.is_contiguous() for tensor in state.values())


def test_the_product_is_that_of_peft() -> None:
    """There W + alpha / r B A: of a convolution with the kernels flat."""
    row = values(2, 3, 1)
    state = peft_names(LAYOUT, row, [2, 3, 1], alpha=16)
    for site, rank, name in zip(LAYOUT.sites, (2, 3, 1), ("block.fc", "conv", "words"), strict=True):
        a, b = LAYOUT.factors(row, site)
        own = [state[key].flatten(1) for key in sorted(state) if key.startswith(name)]
        torch.testing.assert_close(16 / rank * own[1] @ own[0], b.T @ a)


@given(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2)), st.sampled_from([None, 8.0, 0.25]))
def test_there_and_back(ranks: tuple[int, int, int], alpha: float | None) -> None:
    row = values(*ranks)
    state = peft_names(LAYOUT, row, ranks, alpha)
    torch.testing.assert_close(from_peft(LAYOUT, state, ranks, alpha), row, rtol=1e-6, atol=0)
    own_file = {f"base_model.model.{name}": tensor for name, tensor in state.items()}
    assert torch.equal(from_peft(LAYOUT, own_file, ranks, alpha), from_peft(LAYOUT, state, ranks, alpha))


def test_without_alpha_nothing_is_rounded_and_nothing_is_shared() -> None:
    row = values(2, 3, 1)
    state = peft_names(LAYOUT, row, [2, 3, 1])
    back = from_peft(LAYOUT, state, [2, 3, 1])
    assert torch.equal(back, row)
    for tensor in state.values():
        tensor.zero_()
    assert torch.equal(back, row)
    assert torch.equal(row, values(2, 3, 1))


def test_a_row_with_more_components_than_its_ranks_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond the ranks"):
        peft_names(LAYOUT, values(2, 3, 1), [2, 2, 1])


def test_another_model_or_rank_is_refused() -> None:
    ranks = [2, 3, 1]
    state = peft_names(LAYOUT, values(*ranks), ranks)
    with pytest.raises(UserError, match=r"lack conv\.lora_A\.weight \(2 of 8"):
        from_peft(LAYOUT, {name: value for name, value in state.items() if not name.startswith("conv")}, ranks)
    with pytest.raises(UserError, match=r"have other\.weight \(1 tensors"):
        from_peft(LAYOUT, state | {"other.weight": torch.zeros(1)}, ranks)
    with pytest.raises(UserError, match=r"have conv\.lora_A\.weight"):
        from_peft(LAYOUT, state, [2, 0, 1])
    with pytest.raises(UserError, match=r"block.fc.lora_A.weight is \(2, 5\) and should be \(3, 5\)"):
        from_peft(LAYOUT, state, [3, 3, 1])
    with pytest.raises(UserError, match=r"head.bias is \(4,\) and should be \(3,\)"):
        from_peft(LAYOUT, state | {"head.bias": torch.zeros(4)}, ranks)
    with pytest.raises(UserError, match=r"conv.lora_B.weight is \(4, 3\)"):
        from_peft(LAYOUT, state | {"conv.lora_B.weight": torch.zeros(4, 3)}, ranks)
