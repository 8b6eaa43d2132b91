"""Where adapters stand in a flat vector."""

import pytest
import torch

from testbed.lora.layout import Layout, Target

LINEAR, CONV, WORDS = (
    Target("0", "linear", (10, 20)),
    Target("2", "conv", (6, 3, 5, 5)),
    Target("e", "embedding", (50, 8)),
)


def test_sides_are_those_of_the_weight_as_a_matrix() -> None:
    assert [(target.inputs, target.outputs) for target in (LINEAR, CONV, WORDS)] == [(20, 10), (75, 6), (50, 8)]


def test_columns_are_all_of_a_then_all_of_b_then_the_head() -> None:
    layout = Layout([LINEAR, CONV], [4, 3], [("head.weight", (3, 4)), ("head.bias", (3,))])
    assert layout.parts == {"A": slice(0, 305), "B": slice(305, 363), "head": slice(363, 378)}
    assert (layout.size, layout.components) == (378, 7)
    assert [parameter.start for parameter in layout.whole] == [363, 375]
    assert "head" not in Layout([LINEAR], 1).parts


def test_factors_are_views() -> None:
    layout = Layout([LINEAR, CONV], [4, 3])
    values = torch.arange(2.0 * layout.size).view(2, -1)
    for site in layout.sites:
        a, b = layout.factors(values, site)
        assert a.shape == (2, site.room, site.target.inputs)
        assert b.shape == (2, site.room, site.target.outputs)
        a.zero_()
        b.zero_()
    assert not values.any()


def test_each_component_has_a_row_of_a_and_of_b() -> None:
    layout = Layout([LINEAR, CONV], [4, 3], [("head", (5,))])
    inputs, outputs = layout.sides
    for component in range(layout.components):
        one = torch.arange(layout.components) == component
        none = torch.zeros_like(one)
        assert layout.columns(one, none).sum() == inputs[component] + 5
        assert layout.columns(none, one).sum() == outputs[component] + 5
        assert torch.equal(layout.component_of == component, layout.columns(one, one) & (layout.component_of >= 0))


def test_ranks_are_nested() -> None:
    layout = Layout([LINEAR, CONV], [4, 3])
    ranks = torch.tensor([[1, 3], [4, 0]])
    live = layout.nested(ranks)
    assert live.tolist() == [[1, 0, 0, 0, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0]]
    assert torch.equal(layout.ranks(live), ranks)


def test_a_smaller_rank_starts_as_the_beginning_of_a_larger_one() -> None:
    small, large = (Layout([LINEAR, CONV], rooms) for rooms in ([2, 1], [4, 3]))
    starts = [layout.start(3, torch.zeros(0)) for layout in (small, large)]
    for one, other in zip(small.sites, large.sites, strict=True):
        a, b = small.factors(starts[0], one)
        assert torch.equal(a, large.factors(starts[1], other)[0][: one.room])
        assert 0 < a.abs().max() <= one.target.inputs**-0.5
        assert not b.any()


@pytest.mark.parametrize("rank", [0, 11])
def test_a_rank_has_to_fit_the_layer(rank: int) -> None:
    with pytest.raises(ValueError, match=f"rank {rank} for layer '0' should be from 1 to 10"):
        Layout([LINEAR], rank)
