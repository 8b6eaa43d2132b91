"""SA-FedLoRA: schedules, and the split of a rank over layers."""

import math
from itertools import pairwise

import pytest
import torch

from testbed.lora.policies.sa_fedlora import SaFedLora, phi
from testbed.lora.policy import Seen
from testbed.lora.resize import spectrum
from testbed.scenario.lora import Lora
from testbed.seeds import Purpose, generator
from tests.lora.cases import DEVICES, LAYOUT, build, products, rounds, started

KINDS = ["cubic", "geometric", "cosine"]


def test_phi_by_hand() -> None:
    assert [phi("cubic", t, 2, 6, 0.5) for t in (3, 4, 5)] == [27 / 64, 1 / 8, 1 / 64]
    assert [phi("geometric", t, 2, 6, 0.5) for t in (3, 4, 5)] == [0.5, 0.25, 0.125]
    assert phi("cosine", 3, 2, 6, 0.5) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert phi("cosine", 4, 2, 6, 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_phi_sinks_from_one_to_zero(kind: str) -> None:
    found = [phi(kind, t, 5, 20, 0.8) for t in range(30)]
    assert found[:6] == [1.0] * 6
    assert found[20:] == [0.0] * 10
    assert all(one > other for one, other in pairwise(found[5:21]))


@pytest.mark.parametrize(("kind", "expected"), [("cubic", [4] * 3 + [2, 1, 1]), ("cosine", [4] * 3 + [3, 2, 1])])
def test_ranks_over_the_rounds(kind: str, expected: list[int]) -> None:
    """phi is 8/27 and 1/27, or 3/4 and 1/4, in rounds 3 and 4 of heat at 2 and cool at 5: of 3 ranks above 1."""
    policy = build("sa_fedlora", annealing=kind)
    for each in rounds(policy, 6):
        assert each.before["rank"].tolist() == [expected[each.number]] * DEVICES
        number = sum(min(expected[each.number], site.room) for site in LAYOUT.sites)
        assert each.plan.live.sum(1).tolist() == [number] * DEVICES
        assert each.plan.proximal == (0.01 if each.number < 1 else 0.0)


def test_heat_and_cool_are_the_rounds_that_the_reference_says() -> None:
    said = [Lora.model_fields[key].description or "" for key in ("heat_rounds", "cool_rounds")]
    assert "the last round before ranks sink, counted from 0" in said[0]
    assert "the first round with the smallest rank, counted from 0" in said[1]
    found = [int(each.before["rank"][0]) for each in rounds(build("sa_fedlora", heat_rounds=2, cool_rounds=3), 5)]
    assert found == [4, 4, 4, 1, 1]


def test_the_highest_normalised_singular_values_stay() -> None:
    policy = build("sa_fedlora")
    assert isinstance(policy, SaFedLora)
    live = policy.start()["live"]
    models = torch.randn(DEVICES, LAYOUT.size, generator=torch.Generator().manual_seed(0))
    found = policy._shares(models, live, torch.tensor([3, 3, 2, 2, 1]))
    for device, rank in enumerate([3, 3, 2, 2, 1]):
        values = []
        for number, (site, dense) in enumerate(zip(LAYOUT.sites, products(models), strict=True)):
            s = torch.linalg.svdvals(dense[device])[: site.room]
            values += [(float(each), number) for each in (s / s.norm())[1:]]
        number = sum(min(rank, site.room) for site in LAYOUT.sites) - 3
        expected = [1, 1, 1]
        for _, site_number in sorted(values, reverse=True)[:number]:
            expected[site_number] += 1
        assert found[device].tolist() == expected
    assert len({tuple(row) for row in found[:2].tolist()}) == 2, "no two devices differ: the values say too little"


def test_less_energy_goes_than_by_cutting() -> None:
    for each in rounds(build("sa_fedlora"), 6):
        before, after = spectrum(LAYOUT, each.trained, each.before["live"]), LAYOUT.ranks(each.state["live"])
        kept = spectrum(LAYOUT, each.models, each.state["live"])
        torch.testing.assert_close(kept, before * LAYOUT.nested(after), atol=1e-5, rtol=1e-4)


def _losses(policy: SaFedLora, losses: list[list[float]]) -> list[list[int]]:
    """Ranks of one device for each round, after these losses."""
    state = policy.start()
    models, ranks = started(policy, state), []
    for round_, own in enumerate(losses):
        heard = torch.zeros(DEVICES, DEVICES, dtype=torch.bool)
        seen = Seen(torch.tensor(own), heard, torch.zeros(DEVICES), models, torch.zeros_like(models))
        models, state = policy.after(models, state, round_, seen)
        ranks.append(state["rank"].tolist())
    return ranks


def test_metropolis_takes_a_rank_where_the_loss_sank_and_by_chance_where_it_rose() -> None:
    policy = build("sa_fedlora", annealing="metropolis", heat_rounds=4, cool_rounds=12, temperature=0.5, gamma=0.8)
    assert isinstance(policy, SaFedLora)
    rise = [0.0, 0.1, 0.3, 1e9, math.nan]
    ranks = _losses(policy, [[t * each for each in rise] for t in range(12)])
    for device, own in enumerate(rise):
        expected, rank = [4] * 4, 4
        for t in range(5, 12):
            rank -= generator(3, Purpose.RANKS, device, t).random() < math.exp(-own / (0.5 * 0.8 ** (t - 4)))
            expected.append(max(rank, 1))
        assert [row[device] for row in ranks] == [*expected, 1]
    assert [row[0] for row in ranks] == [4, 4, 4, 4, 3, 2, 1, 1, 1, 1, 1, 1]
    assert [row[3] for row in ranks] == [4] * 11 + [1]
    sank = _losses(policy, [[-float(t)] * DEVICES for t in range(8)])
    assert sank[-1] == [1] * DEVICES
