"""Changes of rank, against dense matrices."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from testbed.lora.resize import energy_above, grown, resized, shrunk, spectrum
from tests.lora.cases import LAYOUT, products

START = LAYOUT.start(1, torch.zeros(5))
ROOMS = torch.tensor([4, 3, 4])


def _values(live: Tensor, seed: int = 0) -> Tensor:
    values = torch.randn(len(live), LAYOUT.size, generator=torch.Generator().manual_seed(seed))
    return values.masked_fill(~LAYOUT.columns(live, live), 0.0)


def test_fewer_are_the_nearest_by_singular_values() -> None:
    live = torch.ones(2, LAYOUT.components, dtype=torch.bool)
    values, wanted = _values(live), torch.tensor([[2, 1, 3], [1, 2, 1]])
    found, now = shrunk(LAYOUT, values, live, wanted, START)
    assert torch.equal(now, LAYOUT.nested(wanted))
    for number, (old, new) in enumerate(zip(products(values), products(found), strict=True)):
        for device, rank in enumerate(wanted[:, number].tolist()):
            u, s, vt = np.linalg.svd(old[device].numpy())
            best = (u[:, :rank] * s[:rank]) @ vt[:rank]
            np.testing.assert_allclose(new[device], best, atol=2e-5)
    assert torch.equal(found[:, LAYOUT.head], values[:, LAYOUT.head])


def test_the_split_is_even_and_signs_are_fixed() -> None:
    live = torch.ones(1, LAYOUT.components, dtype=torch.bool)
    found, _ = shrunk(LAYOUT, _values(live), live, torch.tensor([[3, 2, 3]]), START)
    for site, rank in zip(LAYOUT.sites, (3, 2, 3), strict=True):
        a, b = (each[0, :rank].double() for each in LAYOUT.factors(found, site))
        torch.testing.assert_close(a @ a.mT, b @ b.mT, atol=1e-4, rtol=0)
        torch.testing.assert_close(a @ a.mT, torch.diag((a @ a.mT).diagonal()), atol=1e-4, rtol=0)
        assert (b.gather(1, b.abs().argmax(1, keepdim=True)) > 0).all()
        assert (a.norm(dim=1).diff() <= 0).all()


def test_spectrum_is_that_of_the_dense_product() -> None:
    live = LAYOUT.nested(torch.tensor([[4, 3, 4], [2, 3, 1]]))
    values = _values(live)
    found = spectrum(LAYOUT, values, live)
    for site, dense in zip(LAYOUT.sites, products(values), strict=True):
        expected = torch.linalg.svdvals(dense)[:, : site.room]
        torch.testing.assert_close(found[:, site.components], expected, atol=1e-5, rtol=1e-5)


RANKS = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=2).map(
    lambda rows: torch.tensor(rows).minimum(ROOMS)
)


@given(RANKS, RANKS, st.integers(0, 99))
def test_layers_whose_rank_stays_are_the_same_bit_for_bit(before: Tensor, after: Tensor, seed: int) -> None:
    live = LAYOUT.nested(before)
    values = _values(live, seed)
    kept = values.clone()
    found, now = resized(LAYOUT, values, live, after, START)
    assert torch.equal(values, kept)
    assert torch.equal(LAYOUT.ranks(now), after)
    assert torch.equal(found, found.masked_fill(~LAYOUT.columns(now, now), 0.0))
    for number, site in enumerate(LAYOUT.sites):
        still = before[:, number] == after[:, number]
        for columns in (site.a, site.b):
            assert torch.equal(found[still, columns], values[still, columns])
        assert torch.equal(now[still, site.components], live[still, site.components])


def test_more_come_in_where_there_is_room_and_add_nothing() -> None:
    live = torch.zeros(1, LAYOUT.components, dtype=torch.bool)
    live[0, [1, 4]] = True
    values = _values(live)
    found, now = grown(LAYOUT, values, live, torch.tensor([[3, 1, 2]]), START)
    assert now[0].nonzero().flatten().tolist() == [0, 1, 2, 4, 7, 8]
    assert all(torch.equal(old, new) for old, new in zip(products(values), products(found), strict=True))
    there = LAYOUT.columns(live, live)
    assert torch.equal(found[there], values[there])
    for number, places in zip((0, 2), ([0, 2], [0, 1]), strict=True):
        a, b = LAYOUT.factors(found[0], LAYOUT.sites[number])
        begin, _ = LAYOUT.factors(START, LAYOUT.sites[number])
        assert torch.equal(a[places], begin[places])
        assert not b[places].any()


def test_what_is_left_of_nothing_begins_anew() -> None:
    """B = 0, as at the start: components with both factors zero could never learn."""
    live = torch.ones(1, LAYOUT.components, dtype=torch.bool)
    values = _values(live)
    values[:, LAYOUT.parts["B"]] = 0
    found, now = shrunk(LAYOUT, values, live, torch.tensor([[2, 1, 3]]), START)
    assert not found[:, LAYOUT.parts["B"]].any()
    border = LAYOUT.parts["A"]
    assert torch.equal(found[0, border], (START * LAYOUT.columns(now, now)[0])[border])


def test_a_device_computes_the_same_in_any_company() -> None:
    live = torch.ones(4, LAYOUT.components, dtype=torch.bool)
    values, wanted = _values(live), torch.tensor([[2, 1, 3]]).repeat(4, 1)
    together, _ = shrunk(LAYOUT, values, live, wanted, START)
    for device in range(4):
        own = slice(device, device + 1)
        alone, _ = shrunk(LAYOUT, values[own], live[own], wanted[own], START)
        assert torch.equal(alone, together[own])


def test_up_and_down_again_is_the_same_function() -> None:
    live = LAYOUT.nested(torch.tensor([[2, 2, 1]]))
    values = _values(live)
    more, wide = grown(LAYOUT, values, live, ROOMS[None], START)
    back, narrow = shrunk(LAYOUT, more, wide, torch.tensor([[2, 2, 1]]), START)
    assert torch.equal(narrow, live)
    for old, new in zip(products(values), products(back), strict=True):
        torch.testing.assert_close(old, new, atol=1e-5, rtol=1e-5)


def test_energy_above_a_rank_is_that_of_singular_values() -> None:
    live = torch.ones(3, LAYOUT.components, dtype=torch.bool)
    values = _values(live)
    values[2] = 0
    dense = products(values)
    for rank in (0, 2, 4):
        energy = energy_above(LAYOUT, values, rank)
        for number in range(len(LAYOUT.sites)):
            for device in range(2):
                s = np.linalg.svd(dense[number][device].numpy(), compute_uv=False)
                expected = (s[rank:] ** 2).sum() / (s**2).sum()
                assert abs(energy[device, number].item() - expected) < 1e-6
        assert not energy[2].any()
